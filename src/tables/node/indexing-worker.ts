import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { KneserError } from '../../base/errors.js';
import type { ModelStore } from '../../store/store.js';
import { indexRange, type RangeBlock } from '../index-range.js';
import { ContextList } from '../missing-parents.js';
import type { WordRange } from '../word-ranges.js';
import type { IndexReply, IndexRequest, IndexThreadData } from './indexing-threads.js';

/** Indexes ranges; asks the other thread for what it reads, and gives it what it writes. */
class Indexer {
  /** By number, the reads that are not answered yet. */
  private readonly reads = new Map<number, (values: (Uint8Array | undefined)[]) => void>();
  private lastRead = 0;
  private taken: Promise<void> = Promise.resolve();
  private onTaken: () => void = () => undefined;
  private rows = 0;
  private readonly data: IndexThreadData;

  constructor(
    { store, plan }: IndexThreadData,
    private readonly port: MessagePort,
  ) {
    // Objects arrive without their methods.
    const tables = plan.tables.map(({ missing, ...table }) => ({
      ...table,
      missing: missing && ContextList.from(missing),
    }));
    this.data = { store, plan: { ...plan, tables } };
    port.on('message', (request: IndexRequest) => {
      if (request.kind === 'range') void this.index(request.range);
      else if (request.kind === 'values') this.takeValues(request.read, [...request.values]);
      else this.onTaken();
    });
  }

  private async index(range: WordRange): Promise<void> {
    const { store: name, plan } = this.data;
    try {
      const store: ModelStore = {
        name,
        get: async key => (await this.read([key]))[0],
        getMany: keys => this.read(keys),
        // Rows are found by their keys.
        entries: () => {
          throw new Error('an indexing thread reads values by their keys alone');
        },
        close: () => Promise.resolve(),
      };
      const onRows = (rows: number): void => void (this.rows += rows);
      const figures = await indexRange(store, plan, range, blocks => this.give(blocks), onRows);
      await this.taken;
      this.post({ kind: 'done', figures, rows: this.takeRows() });
    } catch (error) {
      const code = error instanceof KneserError ? error.code : undefined;
      this.post({ kind: 'failed', message: error instanceof Error ? error.message : String(error), code });
    }
  }

  private read(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return new Promise(resolve => {
      this.reads.set(++this.lastRead, resolve);
      this.post({ kind: 'get', read: this.lastRead, keys });
    });
  }

  private takeValues(read: number, values: (Uint8Array | undefined)[]): void {
    this.reads.get(read)?.(values);
    this.reads.delete(read);
  }

  /** Gives blocks away, as soon as those before are taken. */
  private async give(blocks: RangeBlock[]): Promise<void> {
    await this.taken;
    this.taken = new Promise(resolve => (this.onTaken = resolve));
    const moved = blocks.map(({ value }) => value.buffer as ArrayBuffer);
    this.post({ kind: 'blocks', blocks, rows: this.takeRows() }, moved);
  }

  private takeRows(): number {
    const { rows } = this;
    this.rows = 0;
    return rows;
  }

  private post(reply: IndexReply, moved: ArrayBuffer[] = []): void {
    this.port.postMessage(reply, moved);
  }
}

// A thread that indexes ranges of words.
if (parentPort) new Indexer(workerData as IndexThreadData, parentPort);
