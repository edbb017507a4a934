/**
 * `npm run bench:documents -- [--text FILE] [--documents N] [--lines L] [--runs R]`: speed and memory of the commands that read documents, as
 * whole commands with the loading of the model, and beside them a Python loop with KenLM, if `PYTHON` names a Python that has the package
 * `kenlm`. `perplexity` and `annotate` run R times by turns, of which the median is shown.
 */
import { createReadStream, createWriteStream, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { prepareBrown } from '../corpora/brown.js';
import { printTable } from '../src/cli/output.js';
import { exportArpa, train } from 'kneser';
import { run, type Output } from './child.js';
import { median } from './median.js';
import { PROGRAM } from './program.js';
import { machine, runCommand, UsageError } from './command.js';

/** The usual Python program: a loop over JSON lines that computes the perplexity of each document with KenLM, one line a sentence. */
const LOOP = `import json, sys
import kenlm
model = kenlm.Model(sys.argv[1])
with open(sys.argv[2]) as documents, open(sys.argv[3], 'w') as out:
    for line in documents:
        document = json.loads(line)
        log10, tokens = 0.0, 0
        for sentence in document['text'].split('\\n'):
            log10 += model.score(sentence)
            tokens += len(sentence.split()) + 1
        document['perplexity'] = 10 ** (-log10 / tokens)
        out.write(json.dumps(document) + '\\n')
`;

/** One line in this many trains the model. */
const TRAINED = 10;

await runCommand('bench:documents', async (folder, signal) => {
  const { values } = parseArgs({
    options: {
      text: { type: 'string' },
      documents: { type: 'string', default: '100000' },
      lines: { type: 'string', default: '2' },
      items: { type: 'string', default: '4000' },
      runs: { type: 'string', default: '1' },
    },
  });
  const { documents, lines, items, runs } = values;
  const numbers = [documents, lines, items, runs].map(Number);
  if (!numbers.every(value => Number.isSafeInteger(value) && value > 0)) {
    throw new UsageError('--documents, --lines, --items and --runs take whole numbers above 0');
  }
  const text = values.text ?? (await prepareBrown(folder)).train;
  const path = (name: string): string => join(folder, name);
  const [all, few, own, benchmark] = ['all.jsonl', 'few.jsonl', 'model.txt', 'items.txt'].map(path);
  const written = await prepare(text, { all, few, own, benchmark }, numbers[0], numbers[1], numbers[2]);
  const model = path('model');
  await train({ files: [own], out: model, order: 5, signal });
  const env = { ...process.env };
  const kneser = (...args: string[]): Promise<Output> =>
    run(process.execPath, [PROGRAM, ...args, '-q'], { signal, env });
  const report = (await kneser('perplexity', model, all, '--json')).stdout;
  const { tokens } = (JSON.parse(report) as { total: { tokens: number } }).total;
  const rows: string[][] = [];
  const row = (name: string, { seconds, peakBytes }: Output, rate: string): void => {
    rows.push([name, seconds.toFixed(2), peakBytes === null ? 'n/a' : (peakBytes / 1e6).toFixed(0), rate]);
  };
  const perSecond = (amount: number, { seconds }: Output, unit: string): string =>
    `${(amount / seconds).toLocaleString('en-US', { maximumFractionDigits: 0 })} ${unit}/s`;
  const annotated = path('annotated.jsonl');
  const scored: Output[] = [];
  const annotations: Output[] = [];
  for (let i = 0; i < numbers[3]; i++) {
    scored.push(await kneser('perplexity', model, all));
    annotations.push(await kneser('annotate', model, all, '--out', annotated));
  }
  const [perplexity, annotate] = [scored, annotations].map(medianRun);
  row(`perplexity, ${written} documents`, perplexity, perSecond(tokens, perplexity, 'tokens'));
  row(`annotate, ${written} documents`, annotate, perSecond(tokens, annotate, 'tokens'));
  const ratios = scored.map(({ seconds }, i) => seconds / annotations[i].seconds).sort((a, b) => a - b);
  const [least, most] = [ratios[0], ratios[ratios.length - 1]].map(ratio => ratio.toFixed(2));
  rows.push(['  against perplexity, tokens/s', '', '', `${median(ratios).toFixed(2)} (${least} to ${most})`]);
  const fewer = await kneser('annotate', model, few, '--out', path('few.out.jsonl'));
  const size = Math.ceil(written / TRAINED);
  row(`annotate, ${size} documents`, fewer, perSecond(size, fewer, 'documents'));
  const { PYTHON } = process.env;
  if (PYTHON) {
    const arpa = path('model.arpa');
    await exportArpa({ model, file: arpa, signal });
    writeFileSync(path('loop.py'), LOOP);
    const loop = await run(PYTHON, [path('loop.py'), arpa, few, path('python.jsonl')], { signal, env });
    row(`Python and KenLM, ${size} documents`, loop, perSecond(size, loop, 'documents'));
    const start = await run(PYTHON, ['-c', `import kenlm; kenlm.Model(${JSON.stringify(arpa)})`], { signal, env });
    row('  of it reading the ARPA file', start, '');
  }
  for (const method of [
    ['--keep', 'middle', '0.5'],
    ['--resample', String(Math.ceil(written / 10))],
  ]) {
    const by = ['--by', method[0] === '--keep' ? 'kneser.perplexity' : 'kneser.log10Prob'];
    const select = await kneser('select', annotated, ...by, ...method, '--out', path('chosen.jsonl'));
    row(`select ${method.join(' ')}`, select, perSecond(written, select, 'documents'));
  }
  const overlap = await kneser('overlap', '--train', text, '--test', benchmark);
  row('overlap, n = 13', overlap, perSecond(statSync(text).size / 1e6, overlap, 'MB'));
  process.stdout.write(`${Object.values(machine()).join(', ')}\n`);
  process.stdout.write(
    `${values.text ?? 'Brown corpus'}: ${written} documents of ${lines} lines, ${tokens} tokens\n\n`,
  );
  await printTable(['command', 's', 'peak MB', ''], rows);
  return 0;
});

/** The run with the median of the times. */
function medianRun(runs: readonly Output[]): Output {
  return runs.toSorted((a, b) => a.seconds - b.seconds)[runs.length >> 1];
}

/** The paths of the parts of the text. */
interface Parts {
  readonly all: string;
  readonly few: string;
  readonly own: string;
  readonly benchmark: string;
}

/** Writes the model's text, the documents (the text again and again until there are enough), a tenth of them, and items. @returns the number of documents. */
async function prepare(
  text: string,
  { all, few, own, benchmark }: Parts,
  documents: number,
  lines: number,
  items: number,
): Promise<number> {
  const outputs = [all, few, own, benchmark].map(path => createWriteStream(path));
  const write = async (file: number, line: string): Promise<void> => {
    if (!outputs[file].write(`${line}\n`)) await once(outputs[file], 'drain');
  };
  let [id, round, asked] = [0, 0, 0];
  let pending: string[] = [];
  for (; id < documents && (round === 0 || id > 0); round++) {
    let at = 0;
    for await (const line of createInterface({ input: createReadStream(text) })) {
      if (at++ % TRAINED === 0) {
        if (round === 0) await write(2, line);
        if (round === 0 && at % (7 * TRAINED) === 1 && asked++ < items) await write(3, line);
        continue;
      }
      pending.push(line);
      if (pending.length < lines) continue;
      const json = JSON.stringify({ id, text: pending.join('\n') });
      await write(0, json);
      if (id % TRAINED === 0) await write(1, json);
      pending = [];
      if (++id === documents) break;
    }
  }
  for (const output of outputs) {
    output.end();
    await once(output, 'finish');
  }
  return id;
}
