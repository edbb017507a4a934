import type { CallName, Calls, Failure, Reply, Request, Stop, WorkProgress } from '../protocol.js';

/** An error that the worker sent. */
export class EngineError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** A call whose result has not come yet. */
interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((progress: WorkProgress) => void) | undefined;
}

/** Sends the calls of the page to the worker that holds the model, and receives the results. */
export class Engine {
  private readonly worker: Worker;
  /** The calls whose results have not come yet, by the id of the request. */
  private readonly waiting = new Map<number, Waiting>();
  /** Number of calls so far, which is the id of the next request. */
  private calls = 0;

  constructor() {
    this.worker = new Worker(`model.js${location.hash}`, { type: 'module' });
    this.worker.onmessage = ({ data }: MessageEvent<Reply>) => this.receive(data);
    this.worker.onerror = event => {
      const error = new EngineError({ code: 'Error', message: event.message || 'the worker could not be started' });
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    };
  }

  /** A short call. */
  call<K extends CallName>(name: K, ...args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>> {
    return this.start(name, args);
  }

  /** A long call, which reports its progress and stops when `signal` is aborted. */
  work<K extends CallName>(
    name: K,
    args: Parameters<Calls[K]>,
    onProgress: (progress: WorkProgress) => void,
    signal: AbortSignal,
  ): Promise<ReturnType<Calls[K]>> {
    const stop: Stop = { stop: this.calls };
    signal.addEventListener('abort', () => this.worker.postMessage(stop));
    return this.start(name, args, onProgress);
  }

  private start<T>(
    name: CallName,
    args: readonly unknown[],
    onProgress?: (progress: WorkProgress) => void,
  ): Promise<T> {
    const request: Request = { id: this.calls++, name, args };
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(request.id, { resolve: result => resolve(result as T), reject, onProgress });
      this.worker.postMessage(request);
    });
  }

  private receive(reply: Reply): void {
    const waiting = this.waiting.get(reply.id);
    if (!waiting) return;
    if ('progress' in reply) {
      waiting.onProgress?.(reply.progress);
      return;
    }
    this.waiting.delete(reply.id);
    if ('result' in reply) waiting.resolve(reply.result);
    else waiting.reject(new EngineError(reply.failure));
  }
}
