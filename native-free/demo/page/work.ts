import type { Stage } from '../../../src/base/progress.js';
import type { WorkProgress } from '../protocol.js';
import { byId } from './dom.js';
import { bytes, percent, whole } from './figures.js';

/** Each stage in words. */
const STAGES: Readonly<Record<Stage, string>> = {
  tokenize: 'Reading the text',
  sort: 'Sorting the vocabulary',
  count: 'Counting n-grams',
  classes: 'Grouping words into classes',
  index: 'Making the tables',
  prune: 'Pruning',
  tune: 'Tuning the mixture',
  export: 'Writing an ARPA file',
  import: 'Reading an ARPA file',
  store: 'Keeping the model',
  save: 'Keeping the model',
  pack: 'Packing the model',
  unpack: 'Unpacking the model',
  copy: 'Copying the model',
  load: 'Loading the model',
  score: 'Scoring',
  files: 'Checking files',
  verify: 'Checking n-grams',
};

/** Shows the progress of some work, with a button that stops it. */
export class Work {
  private readonly panel = byId('work');
  private readonly bar = byId('progress', HTMLProgressElement);
  private controller: AbortController | undefined;
  /** The stage that is shown. */
  private stage: Stage | undefined;
  /** When the stage began [ms, `performance.now()`]. */
  private started = 0;

  constructor() {
    byId('cancel').addEventListener('click', () => this.controller?.abort());
  }

  /** Runs `act`, and shows its progress until it ends. Aborts the work that runs already, if any. */
  async during<T>(
    title: string,
    act: (onProgress: (progress: WorkProgress) => void, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.controller?.abort();
    const controller = new AbortController();
    this.controller = controller;
    this.begin(title);
    this.panel.hidden = false;
    try {
      return await act(progress => this.tell(progress), controller.signal);
    } finally {
      if (this.controller === controller) {
        this.controller = undefined;
        this.panel.hidden = true;
      }
    }
  }

  private begin(title: string): void {
    this.stage = undefined;
    this.started = performance.now();
    byId('stage').textContent = title;
    byId('rate').textContent = '\u00a0';
    this.bar.removeAttribute('value');
  }

  private tell({ stage, done, total, unit }: WorkProgress): void {
    if (stage !== this.stage) {
      this.begin(STAGES[stage]);
      this.stage = stage;
    }
    const seconds = (performance.now() - this.started) / 1000;
    const amount = (count: number): string => (unit === 'bytes' ? bytes(count) : `${whole(count)} ${unit}`);
    const share = total ? Math.min(1, done / total) : undefined;
    if (share === undefined) this.bar.removeAttribute('value');
    else this.bar.value = share;
    const parts = [share === undefined ? amount(done) : `${percent(share)} of ${amount(total ?? 0)}`];
    if (seconds > 0.2) parts.push(`${amount(done / seconds)} a second`);
    byId('rate').textContent = parts.join(' · ');
  }
}
