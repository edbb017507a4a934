/**
 * `npm run bench:plays -- FOLDER OUT`: makes a text of the speeches of plays, TEI files such as those of the German Drama Corpus, for
 * `bench:mixture`. Writes train.txt, valid.txt and test.txt to the folder OUT: 90, 5 and 5 % of the text, in blocks of 500 sentences.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand, UsageError } from './command.js';

/** A block of this many sentences goes to one of the three files. */
const BLOCK = 500;
/** Of so many blocks, one is for validation and one for the test. */
const BLOCKS = 20;
const VALID = 9;
const TEST = 19;

const BODY = /<body[\s>].*<\/body>/s;
const SPEECH = /<sp[\s>].*?<\/sp>/gs;
/** A paragraph or a verse. */
const PASSAGE = /<(p|l)(?:\s[^>]*)?>(.*?)<\/\1>/gs;
const TOKEN = /[\p{L}\p{N}_]+(?:[-'’][\p{L}\p{N}_]+)*|[^\s\p{L}\p{N}_]/gu;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

await runCommand('bench:plays', () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  if (positionals.length !== 2) throw new UsageError('takes a folder of TEI files, and a folder to write to');
  const [folder, out] = positionals;
  const names = readdirSync(folder)
    .filter(name => name.endsWith('.xml'))
    .sort();
  if (names.length === 0) throw new UsageError(`${folder} has no .xml file`);
  const sentences = names.flatMap(name => sentencesOf(readFileSync(join(folder, name), 'utf8')));
  mkdirSync(out, { recursive: true });
  const parts: Record<string, string[]> = { train: [], valid: [], test: [] };
  sentences.forEach((sentence, i) => {
    const block = Math.floor(i / BLOCK) % BLOCKS;
    parts[block === VALID ? 'valid' : block === TEST ? 'test' : 'train'].push(sentence);
  });
  for (const [name, lines] of Object.entries(parts)) {
    writeFileSync(join(out, `${name}.txt`), lines.map(line => `${line}\n`).join(''));
    console.log(`${name}.txt: ${lines.length} sentences of ${names.length} plays`);
  }
  return Promise.resolve(0);
});

/** The sentences of the speeches of a play, of at least two tokens, which are separated by spaces. */
function sentencesOf(play: string): string[] {
  const sentences: string[] = [];
  for (const [speech] of (BODY.exec(play)?.[0] ?? '').matchAll(SPEECH)) {
    let sentence: string[] = [];
    const end = (): void => {
      if (sentence.length > 1) sentences.push(sentence.join(' '));
      sentence = [];
    };
    const passages = Array.from(speech.matchAll(PASSAGE), ([, , content]) => textOf(content));
    for (const [token] of passages.join(' ').matchAll(TOKEN)) {
      sentence.push(token);
      if ('.!?'.includes(token)) end();
    }
    end();
  }
  return sentences;
}

/** The text of a piece of XML. */
function textOf(xml: string): string {
  return xml
    .replace(/<!--.*?-->|<[^>]*>/gs, '')
    .replace(
      /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
      (whole, hex: string | undefined, decimal: string | undefined, name: string) => {
        if (hex ?? decimal) return String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal));
        return ENTITIES[name] ?? whole;
      },
    );
}
