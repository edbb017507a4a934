/**
 * `npm run bench:mixing -- --first TRAIN VALID TEST [--second TRAIN VALID TEST] [--order 5]`: measures the perplexity of two texts by the
 * model of each text, by the merged model, and by mixtures with weights learned on the validation part of the measured text. The default
 * of the second text is the Brown corpus.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareBrown } from '../corpora/brown.js';
import { printTable } from '../src/cli/output.js';
import { LanguageModel, merge, mix, train } from 'kneser';
import { MAX_ORDER } from '../src/tables/pattern.js';
import { runCommand, UsageError, wholeNumber } from './command.js';

/** The paths of the three parts of a text. */
interface Parts {
  readonly name: string;
  readonly train: string;
  readonly valid: string;
  readonly test: string;
}

await runCommand('bench:mixing', async (folder, signal) => {
  const { first, second, order } = parse(process.argv.slice(2));
  const texts = [first, second ?? (await brown(folder))];
  const models: string[] = [];
  for (const text of texts) {
    const out = join(folder, `model-${text.name}`);
    await train({ files: [text.train], out, order, signal });
    models.push(out);
  }
  const merged = join(folder, 'merged');
  const { seconds: mergeSeconds } = await merge({ models, out: merged, signal });
  const rows: string[][] = [];
  for (const [i, text] of texts.entries()) {
    const other = texts[1 - i];
    const row = async (name: string, path: string, note = ''): Promise<void> => {
      rows.push([text.name, name, await perplexity(path, text.test, signal), note]);
    };
    await row(`${text.name} alone`, models[i]);
    await row(`${other.name} alone`, models[1 - i]);
    await row('merged', merged, `${mergeSeconds.toFixed(1)} s`);
    for (const byLength of [false, true]) {
      const out = join(folder, 'mixed');
      const { buckets, tuned, seconds } = await mix({ models, out, tune: [text.valid], byLength, force: true, signal });
      const weights =
        buckets.length === 1
          ? `weights ${buckets[0].weights.map(w => w.toFixed(3)).join(', ')}`
          : `${buckets.length} buckets`;
      const exact = tuned ? `, exact on valid ${tuned.perplexity.toFixed(2)}` : '';
      await row(byLength ? 'mixture by length' : 'mixture', out, `${weights}${exact}, ${seconds.toFixed(1)} s`);
    }
  }
  await printTable(['test text', 'model', 'perplexity', ''], rows);
  return 0;
});

async function perplexity(path: string, text: string, signal: AbortSignal): Promise<string> {
  await using model = await LanguageModel.open(path);
  const loaded = await model.load();
  const { perplexity: value, perplexityExcludingOov, oov } = await loaded.perplexityOfFile(text, { signal });
  return `${(value ?? NaN).toFixed(2)} (${(perplexityExcludingOov ?? NaN).toFixed(2)} without ${oov} OOVs)`;
}

/** The Brown corpus. Every tenth sentence is held out: alternately for validation and for the test. */
async function brown(folder: string): Promise<Parts> {
  const { train: text, heldOut } = await prepareBrown(folder);
  const lines = readFileSync(heldOut, 'utf8').split('\n').slice(0, -1);
  const [valid, test] = [join(folder, 'brown.valid.txt'), join(folder, 'brown.test.txt')];
  const write = (path: string, remainder: number): void =>
    writeFileSync(
      path,
      lines
        .filter((_, i) => i % 2 === remainder)
        .map(line => `${line}\n`)
        .join(''),
    );
  write(valid, 0);
  write(test, 1);
  return { name: 'Brown', train: text, valid, test };
}

/** Reads the arguments. (`parseArgs` knows no flag with three values.) */
function parse(args: readonly string[]): { first: Parts; second: Parts | undefined; order: number } {
  const texts = new Map<string, Parts>();
  let order = 5;
  for (let at = 0; at < args.length;) {
    const flag = args[at++];
    if (flag === '--order') {
      order = wholeNumber(flag, args[at++] ?? '', 1, MAX_ORDER);
    } else if (flag === '--first' || flag === '--second') {
      const [train, valid, test] = args.slice(at, at + 3);
      if (!train || !valid || !test) throw new UsageError(`${flag} takes three files: TRAIN VALID TEST`);
      texts.set(flag, { name: flag.slice(2), train, valid, test });
      at += 3;
    } else {
      throw new UsageError(`${flag}: there are --first, --second and --order`);
    }
  }
  const first = texts.get('--first');
  if (!first) throw new UsageError('name a text: --first TRAIN VALID TEST');
  return { first, second: texts.get('--second'), order };
}
