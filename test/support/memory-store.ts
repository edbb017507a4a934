import type { ModelStore, ModelWriter } from '#kneser/src/store/store.js';

/** A store in memory. */
export class Memory implements ModelWriter {
  readonly values = new Map<string, Uint8Array>();

  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    this.values.set(Buffer.from(key).toString('latin1'), value);
    return Promise.resolve();
  }

  finish = (): Promise<void> => Promise.resolve();
  abort = (): Promise<void> => Promise.resolve();

  /** All keys with their values, as text. */
  texts(): [key: string, value: string][] {
    const texts = [...this.values].map(([key, value]): [string, string] => [
      key,
      Buffer.from(value).toString('latin1'),
    ]);
    return texts.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  read(): ModelStore {
    const get = (key: Uint8Array): Uint8Array | undefined => this.values.get(Buffer.from(key).toString('latin1'));
    return {
      name: 'memory',
      get: key => Promise.resolve(get(key)),
      getMany: keys => Promise.resolve(keys.map(get)),
      entries: async function* () {
        await Promise.reject(new Error('rows are read by their keys'));
      },
      close: () => Promise.resolve(),
    };
  }
}
