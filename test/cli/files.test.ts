import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeAll, expect, test } from 'vitest';
import { CommandLine } from '../support/command-line.js';

const cli = new CommandLine('files');
const fixture = (name: string): string =>
  join(fileURLToPath(new URL('../../test/fixtures/real-files/', import.meta.url)), name);

let model: string;
beforeAll(async () => {
  model = cli.fresh();
  await cli.train([
    fixture('plain.txt'),
    '--out',
    model,
    '--order',
    '2',
    '--skip',
    '--classes',
    '0',
    '--hold-out',
    '0',
  ]);
});

test('every command refuses a file that is no text', async () => {
  const bz2 = fixture('text.bz2');
  const message = `kneser: ${bz2}: is a bzip2 file; unpack it first: bunzip2 -k ${bz2}`;
  for (const args of [
    ['train', bz2, '--out', cli.fresh()],
    ['perplexity', model, bz2],
    ['tune', model, bz2],
    ['score', model, bz2],
    ['vector', model, bz2],
    ['predict', model, bz2],
    ['compare', bz2, '--models', 'a,b'],
    ['baseline', '--train', bz2, '--valid', bz2, '--test', bz2],
  ]) {
    expect(await cli.refuse(2, args)).toContain(message);
  }
  expect(await cli.refuse(2, ['score', model], { input: readFileSync(bz2) })).toContain('-: is a bzip2 file');
});

test('a file that holds no documents is refused without advice of their flags', async () => {
  const wide = cli.file(Buffer.from('\ufeffthe cat sat on the mat\n', 'utf16le'));
  const [text, parquet] = [fixture('plain.txt'), cli.file(Buffer.from('PAR1\x15\x04'))];
  const converted = `${wide}: is text in UTF-16, not UTF-8; convert it: iconv -f UTF-16 -t UTF-8 ${wide} > text.utf8.txt\n`;
  for (const [file, message] of [
    [wide, converted],
    [parquet, `${parquet}: is a Parquet file, which is not read here\n`],
  ]) {
    for (const args of [
      ['import', file, '--out', cli.fresh()],
      ['import', file, '--counts', '--out', cli.fresh()],
      ['train', text, '--vocab', file, '--out', cli.fresh()],
      ['profile', text, '--stopwords', file],
    ]) {
      expect(await cli.refuse(2, args)).toBe(`kneser: ${message}`);
    }
  }
  for (const args of [
    ['rescore', model, wide],
    ['rescore', model, text, '--tune', wide],
    ['compare', wide, '--models', 'a,b'],
    ['predict', model, text, '--gap', '___', '--options', wide, '--any-bytes'],
  ]) {
    expect(await cli.refuse(2, args)).toBe(`kneser: ${converted}`);
  }
});

test('--format reads JSON lines and Parquet from standard input', async () => {
  const lines = ['the cat sat', 'the dog'];
  const plain = await cli.print(['score', model], { input: lines.join('\n') });
  const jsonl = lines.map(text => JSON.stringify({ meta: { text } }) + '\n').join('');
  const args = ['--format', 'jsonl', '--field', 'meta.text'];
  expect(await cli.print(['score', model, ...args], { input: jsonl })).toBe(plain);
  const parquet = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'text', data: lines, type: 'STRING' }] }));
  expect(await cli.print(['score', model, '--format', 'parquet'], { input: parquet })).toBe(plain);
  expect(await cli.print(['score', model, cli.file(parquet)])).toBe(plain);
  expect(await cli.refuse(2, ['score', model], { input: jsonl })).toContain(
    '-: is JSON; read one field of each line with format jsonl (--format jsonl)',
  );
  expect(await cli.refuse(2, ['score', model], { input: parquet })).toContain(
    "-: is a Parquet file; say format: 'parquet' (--format parquet)",
  );
});

test('--missing skip counts what it leaves out', async () => {
  const run = await cli.run(['perplexity', model, fixture('hole.jsonl'), '--missing', 'skip', '--json']);
  expect(run).toMatchObject({ status: 0, stderr: 'kneser: warning: 2 documents without text were left out\n' });
  expect(JSON.parse(run.stdout)).toMatchObject({ files: [{ sentences: 2, skipped: 2 }], total: { skipped: 2 } });
});

test('a file of the wrong kind in place of a model or tokenizer is named, with the command to use instead', async () => {
  for (const [name, message] of [
    ['model.arpa', /is an ARPA file; a model is a folder .* kneser import \S+model\.arpa --out DIR/],
    ['model.arpa.gz', /is an ARPA file; a model is a folder .* kneser import \S+model\.arpa\.gz --out DIR/],
    ['kenlm.bin', /is a binary model of KenLM; .* import the ARPA file that it was built from/],
    ['spiece.model', /is a SentencePiece model; .* kneser train TEXT --tokenizer \S+spiece\.model --out DIR/],
    ['plain.txt', /is a file; .* kneser train \S+plain\.txt --out DIR/],
    ['text.zip', /is a zip archive; .* unzip/],
  ] as const) {
    expect(await cli.refuse(2, ['score', fixture(name)])).toMatch(message);
  }
  for (const name of ['model.arpa', 'kenlm.bin', 'text.zip']) {
    const args = ['train', fixture('plain.txt'), '--tokenizer', fixture(name), '--out', cli.fresh()];
    expect(await cli.refuse(2, args)).toMatch(/is .*, not a tokenizer\.json; /);
  }
});

test('the command that a command suggests next is one that a shell understands', async () => {
  const out = join(cli.fresh(), "it's a model");
  const { stderr } = await cli.run(['train', fixture('plain.txt'), '--out', out, '--order', '2']);
  expect(stderr).toContain(`\nNext: kneser perplexity '${out.replace("'", String.raw`'\''`)}' FILE\n`);
  const packed = `${out}.kneser`;
  const packing = await cli.run(['pack', out, '--out', packed]);
  expect(packing.stderr).toContain(`\nNext: kneser score '${packed.replace("'", String.raw`'\''`)}'\n`);
});
