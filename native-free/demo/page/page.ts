import type { HeatScale } from '../../../src/report/heat.js';
import type { Smoothing } from '../../../src/smoothing/index.js';
import type { ModelFacts, ModelSource, Suggestion, Suggestions, TrainingText } from '../protocol.js';
import { byId } from './dom.js';
import { Editor } from './editor.js';
import { Engine } from './engine.js';
import { bytes, whole } from './figures.js';
import { scaleOf, SURPRISE, WINDOWS } from './heat.js';
import { insertion } from './insertion.js';
import { Library } from './library.js';
import { SuggestionList } from './suggestions.js';
import { Trouble } from './trouble.js';
import { latest } from './turns.js';
import { Words } from './words.js';
import { Work } from './work.js';

/** The first content of the text field: a sentence with a wrong word, a sentence with a misspelt word, and a sentence to continue. */
const FIRST_TEXT = `It was one of the most important green in the history of the world.
He said that teh committee would meet on Tuesday afternoon.
The President of the United `;

const engine = new Engine();
const trouble = new Trouble();
const work = new Work();
const words = new Words();
const library = new Library({
  train: text => attempt(() => train(text)),
  open: source => attempt(() => open(source)),
  export: name => attempt(() => exportModel(name)),
  remove: name => attempt(() => remove(name)),
});
const editor = new Editor(byId('text', HTMLTextAreaElement), byId('mirror'), readText, onCaretMoved, token =>
  words.tell(token ?? editor.tokenAtCaret()),
);
const suggestions = new SuggestionList(editor.area, insertSuggestion);

let model: ModelFacts | undefined;
let scale: HeatScale = scaleOf(1000);

/** Runs an action, and shows its error, if any, in the page. */
function attempt(act: () => Promise<void>): void {
  trouble.clear();
  act().catch((error: unknown) => trouble.show(error));
}

async function train(text: TrainingText): Promise<void> {
  const facts = await work.during(`Training on ${text.name}`, (...control) => engine.work('train', [text], ...control));
  await showOpened(facts);
}

async function open(source: ModelSource): Promise<void> {
  await showOpened(await work.during('Opening the model', () => engine.call('open', source)));
}

/** Shows a model that was just opened. */
async function showOpened(facts: ModelFacts): Promise<void> {
  if (editor.area.value === '') editor.setText(FIRST_TEXT);
  showModel(facts);
  library.open = false;
  await showKept();
  reread();
  editor.area.focus();
  editor.area.setSelectionRange(editor.area.value.length, editor.area.value.length);
}

async function showKept(): Promise<void> {
  library.show(await engine.call('list'), model?.isKept ? model.name : undefined);
}

async function keep(): Promise<void> {
  showModel(await work.during('Keeping the model', (...control) => engine.work('keep', [], ...control)));
  await showKept();
}

async function remove(name: string): Promise<void> {
  const others = await engine.call('remove', name);
  if (model?.isKept && model.name === name) showModel(undefined);
  library.show(others, model?.isKept ? model.name : undefined);
}

async function exportModel(name?: string): Promise<void> {
  const packed = await work.during('Packing the model', (...control) => engine.work('pack', [name], ...control));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(packed);
  link.download = `${(name ?? model?.name ?? 'model').replace(/[^\p{L}\p{N}_-]+/gu, '-')}.kneser`;
  link.click();
  // By then the download has begun, and needs the address no more.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function showModel(facts: ModelFacts | undefined): void {
  model = facts;
  byId('model').hidden = !facts;
  if (!facts) return;
  scale = scaleOf(facts.vocabulary);
  chooseMeasure();
  byId('model-name').textContent = facts.name;
  byId('model-facts').textContent = [
    `order ${facts.order}`,
    `${whole(facts.tokens)} tokens`,
    `${whole(facts.vocabulary)} words`,
    bytes(facts.bytes),
    ...(facts.smoothing === 'backoff' ? ['back-off'] : facts.skips ? [] : ['no skip patterns']),
  ].join(' · ');
  byId('keep').hidden = facts.isKept;
  for (const choice of document.querySelectorAll<HTMLInputElement>('input[name=smoothing]')) {
    choice.checked = choice.value === facts.smoothing;
    choice.disabled = facts.smoothing === 'backoff' || (choice.value === 'glm' && !facts.skips);
  }
}

const windows = byId('windows', HTMLInputElement);

/** Shows in colours what the user has chosen: the surprise of each word, or the perplexity of the windows around it. */
function chooseMeasure(): void {
  const measure = windows.checked ? WINDOWS : SURPRISE;
  words.showScale(scale, measure);
  editor.setMeasure(measure);
  showTokenAtCaret();
}

/** Asks the worker to score a text. While one request runs, only the latest new request waits. */
const requestReading = latest(
  (text: string) => engine.call('read', text),
  (reading, text) => {
    editor.show(text, reading, scale);
    if (text !== editor.area.value) return;
    words.show(text, reading);
    showTokenAtCaret();
  },
  error => trouble.show(error),
);

/** Asks the worker for suggestions at the caret of a line, in the same way. */
const requestSuggestions = latest(
  ({ before, after }: LineAtCaret) => engine.call('suggest', before, after),
  (found, { before, after }) => {
    const now = lineAtCaret();
    if (before === now.before && after === now.after) suggestions.show(found);
  },
  error => trouble.show(error),
);

function readText(text: string): void {
  requestReading(text);
}

function reread(): void {
  requestReading(editor.area.value);
  requestSuggestions(lineAtCaret());
}

/** A line, divided at the caret. */
interface LineAtCaret {
  readonly before: string;
  readonly after: string;
}

function lineAtCaret(): LineAtCaret {
  const { area, caret } = editor;
  const before = area.value.slice(0, caret);
  const after = area.value.slice(caret);
  return { before: before.slice(before.lastIndexOf('\n') + 1), after: after.split('\n')[0] };
}

/** The line when the caret moved last. */
let last: LineAtCaret = { before: '', after: '' };
function onCaretMoved(): void {
  const line = lineAtCaret();
  if (line.before !== last.before || line.after !== last.after) requestSuggestions(line);
  last = line;
  showTokenAtCaret();
}

function showTokenAtCaret(): void {
  const token = editor.tokenAtCaret();
  editor.mark(token);
  words.tell(token);
}

function insertSuggestion(suggestion: Suggestion, { partial, gap }: Suggestions): void {
  const { value } = editor.area;
  if (gap) {
    const start = editor.caret - lineAtCaret().before.length;
    editor.insert(start + gap.from, start + gap.to, suggestion.token);
    return;
  }
  const { from, text } = insertion(value.slice(0, editor.caret), partial, suggestion.token);
  editor.insert(from, editor.caret, text);
}

for (const choice of document.querySelectorAll<HTMLInputElement>('input[name=smoothing]')) {
  choice.addEventListener('change', () =>
    attempt(async () => {
      showModel(await engine.call('smooth', choice.value as Smoothing));
      reread();
    }),
  );
}
const temperature = byId('temperature', HTMLInputElement);
const mirostat = byId('mirostat', HTMLInputElement);

/** Shows the values of the sliders. */
function showSliders(): void {
  byId('temperature-value').textContent = Number(temperature.value).toFixed(1);
  byId('mirostat-value').textContent = mirostat.value === '0' ? 'off' : `${mirostat.value} bits`;
}

/** Continues the text at the caret up to the end of the sentence. */
async function writeOn(): Promise<void> {
  const button = byId('write-on', HTMLButtonElement);
  button.disabled = true;
  try {
    const { before } = lineAtCaret();
    const { caret } = editor;
    const written = await engine.call('write', before, {
      temperature: Number(temperature.value),
      mirostat: Number(mirostat.value),
      seed: Math.floor(Math.random() * 2 ** 32),
    });
    if (caret === editor.caret && before === lineAtCaret().before) editor.insert(caret, caret, written);
  } finally {
    button.disabled = false;
  }
}

for (const slider of [temperature, mirostat]) slider.addEventListener('input', showSliders);
// A browser may keep the positions of sliders when the page is loaded again.
showSliders();
byId('write-on').addEventListener('click', () => attempt(writeOn));
byId('keep').addEventListener('click', () => attempt(keep));
byId('export').addEventListener('click', () => attempt(() => exportModel()));
windows.addEventListener('change', chooseMeasure);
byId('numbers', HTMLInputElement).addEventListener('change', event => {
  byId('editor').classList.toggle('numbered', (event.target as HTMLInputElement).checked);
});

// On the page of a server, whose model is open from the beginning, `build.ts` has marked the document.
if ('served' in document.documentElement.dataset) {
  attempt(() => open({ url: '.' }));
} else {
  attempt(showKept);
  if ('serviceWorker' in navigator) {
    attempt(async () => {
      await navigator.serviceWorker.register('offline.js');
    });
  }
}
