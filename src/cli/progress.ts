import type { SingleBar } from 'cli-progress';
import { standard } from '../base/node/standard-streams.js';
import type { Progress, Stage } from '../base/progress.js';

/** The words with which the display names each stage. */
export const TITLES: Record<Stage, string> = {
  tokenize: 'reading text',
  sort: 'sorting',
  count: 'counting n-grams',
  classes: 'counting classes',
  prune: 'pruning',
  index: 'indexing',
  tune: 'tuning weights',
  export: 'writing ARPA',
  import: 'reading ARPA',
  store: 'storing n-grams',
  pack: 'packing',
  unpack: 'unpacking',
  files: 'checking files',
  verify: 'checking n-grams',
  load: 'loading tables',
  score: 'scoring',
  save: 'saving',
  copy: 'copying',
};

/** Without a terminal: the seconds between two lines about one stage. */
const LINE_SECONDS = 10;

/**
 * Runs a piece of work with a display of its progress on standard error, and removes the display when the work ends or
 * fails.
 *
 * @param quiet if true, there is no display, and `work` is called with `undefined`.
 */
export async function withDisplay<T>(
  quiet: boolean,
  work: (display: ProgressDisplay | undefined) => Promise<T>,
): Promise<T> {
  const display = quiet ? undefined : await ProgressDisplay.create();
  try {
    return await work(display);
  } finally {
    display?.end();
  }
}

/** Does the same as {@link withDisplay} for a library function with the option `onProgress`: `work` passes the options on to it. */
export function withProgress<T>(
  quiet: boolean,
  work: (options: { readonly onProgress?: (progress: Progress) => void }) => Promise<T>,
): Promise<T> {
  return withDisplay(quiet, display => work(display ? { onProgress: progress => display.show(progress) } : {}));
}

/** Shows the progress of long work: on a terminal as a bar, elsewhere as lines of text. */
export class ProgressDisplay {
  private bar: SingleBar | undefined;
  private stage: string | undefined;
  private stageStarted = 0;
  private lastLine = 0;

  private constructor(private readonly createBar: (() => SingleBar) | undefined) {}

  static async create(): Promise<ProgressDisplay> {
    if (!standard.stderr.isTTY) return new ProgressDisplay(undefined);
    const { default: progress } = await import('cli-progress');
    return new ProgressDisplay(
      () =>
        new progress.SingleBar({
          format: '{stage} [{bar}] {percentage}%  {rate}  {eta_formatted} left',
          stream: standard.stderr,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          barsize: 30,
          hideCursor: true,
          clearOnComplete: true,
          etaBuffer: 50,
        }),
    );
  }

  /** Shows a progress report of the library. */
  show({ stage, done, total, unit }: Progress): void {
    this.update(TITLES[stage], done, total, unit);
  }

  /** Shows that `done` of `total` units of a stage are done. */
  update(title: string, done: number, total: number | undefined, unit: string): void {
    const now = performance.now();
    if (title !== this.stage) {
      this.end();
      this.stage = title;
      this.stageStarted = now;
      this.lastLine = now;
      if (!this.createBar) standard.stderr.write(`${title} …\n`);
    }
    const rate = rateText(done, (now - this.stageStarted) / 1000, unit);
    if (this.createBar) {
      if (!this.bar) {
        this.bar = this.createBar();
        this.bar.start(total ?? 0, done, { stage: title.padEnd(16), rate });
      } else {
        this.bar.update(done, { rate });
      }
    } else if (now - this.lastLine >= LINE_SECONDS * 1000) {
      this.lastLine = now;
      const share = total ? `${Math.floor((100 * done) / total)} %` : `${(done / 1e6).toFixed(1)} M ${unit}`;
      standard.stderr.write(`${title}: ${share}, ${rate}\n`);
    }
  }

  /** Removes the bar. */
  end(): void {
    this.bar?.stop();
    this.bar = undefined;
    this.stage = undefined;
  }
}

function rateText(done: number, seconds: number, unit: string): string {
  if (seconds <= 0) return '';
  const rate = done / seconds;
  if (unit === 'passes') return `${rate.toFixed(1)} passes/s`;
  if (unit === 'sentences') return `${rate.toFixed(0)} sentences/s`;
  return unit === 'bytes' ? `${(rate / 1e6).toFixed(1)} MB/s` : `${(rate / 1e6).toFixed(2)} M ${unit}/s`;
}
