// The first four recipes of docs/documents.md on one small crawl: buckets by perplexity, importance selection, the overlap of a
// benchmark with the training text, and the search for odd documents.
import { readFileSync, writeFileSync } from 'node:fs';
import { annotate, overlap, select, train } from 'kneser';

const [text = 'text.txt'] = process.argv.slice(2);
const sentences = readFileSync(text, 'utf8').trim().split('\n');
const half = Math.floor(sentences.length / 2);
await train({ sentences: sentences.slice(0, half), out: 'example-reference', order: 3, force: true });

// The crawl: documents of five sentences, every tenth with its words in a random order.
const shuffled = line => line.split(' ').sort((a, b) => (a.length % 3) - (b.length % 3) || (a < b ? -1 : 1));
const crawl = [];
for (let i = half; i + 5 <= sentences.length; i += 5) {
  const lines = sentences.slice(i, i + 5);
  const odd = crawl.length % 10 === 3;
  crawl.push({ id: crawl.length, odd, text: lines.map(line => (odd ? shuffled(line).join(' ') : line)).join('\n') });
}
writeFileSync('crawl.jsonl', crawl.map(document => `${JSON.stringify(document)}\n`).join(''));

/** Writes documents with their figures to a file. */
async function write(file, rows) {
  let lines = '';
  for await (const { line } of rows) lines += `${new TextDecoder().decode(line)}\n`;
  writeFileSync(file, lines);
}

// 1. Perplexity filtering as CCNet did: the 30 % of the documents with the lowest perplexity are the head.
await write('annotated.jsonl', annotate({ model: 'example-reference', files: ['crawl.jsonl'] }));
const buckets = { names: ['head', 'middle', 'tail'], percentiles: [30, 60] };
const sizes = {};
const chosen = select({ files: ['annotated.jsonl'], by: 'kneser.perplexity', buckets });
for await (const { bucket } of chosen) sizes[bucket] = (sizes[bucket] ?? 0) + 1;
console.log('buckets', JSON.stringify(sizes));

// 2. Importance selection: 20 documents like the first hundred sentences. Each is compared with a model that has not seen it.
writeFileSync('wanted.txt', sentences.slice(0, 100).join('\n') + '\n');
await write('ratios.jsonl', annotate({ target: ['wanted.txt'], files: ['crawl.jsonl'] }));
const drawn = [];
for await (const { document } of select({ files: ['ratios.jsonl'], by: 'kneser.against.log10Ratio', resample: 20 }))
  drawn.push(document.id);
console.log('drawn', drawn.length);

// 3. Is my benchmark in my training data?
writeFileSync(
  'bench.txt',
  `${sentences[half + 1]}\nThis sentence was written for the example and stands nowhere else .\n`,
);
for await (const { contaminated, coverage } of overlap({ train: ['crawl.jsonl'], test: ['bench.txt'], n: 8 })) {
  console.log('benchmark', contaminated, coverage.toFixed(2));
}

// 4. Find the odd documents, and measure how well perplexity finds them.
const label = { field: 'odd', value: 'true' };
const onReport = ({ label: found }) => console.log('odd documents: AUC', found.auc.toFixed(2));
await select({ files: ['annotated.jsonl'], by: 'kneser.perplexity', label, onReport }).next();
