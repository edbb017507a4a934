import { Build } from '../../../src/build.js';
import { planBuild } from '../../../src/plan.js';
import { LanguageModel } from '../../../src/score/model.js';
import type { Smoothing } from '../../../src/score/parts.js';
import type { ModelStore, ModelWriter } from '../../../src/store/store.js';
import type { KeptModel, ModelSource, Training, TrainingText } from '../protocol.js';

const hex = (key: Uint8Array): string => Array.from(key, b => b.toString(16).padStart(2, '0')).join('');

export interface Kept {
  readonly name: string;
  readonly isStored: boolean;
  open(smoothing?: Smoothing): Promise<LanguageModel>;
}

export class Models {
  private readonly all = new Map<string, Kept & { created: string; bytes: number }>();

  list(): Promise<KeptModel[]> {
    return Promise.resolve([...this.all.values()].map(({ name, bytes, created }) => ({ name, bytes, created })));
  }

  async train(
    { file, name, order, skip }: TrainingText,
    onProgress: (progress: Training) => void,
    signal: AbortSignal,
  ): Promise<Kept> {
    const stores = new Map<string, Map<string, Uint8Array>>();
    const weights = new Map<string, Uint8Array>();
    let bytes = 0;
    const options = {
      out: name, order, patterns: { skip }, onProgress, signal, skipBlank: true, holdOut: skip ? 0.02 : 0,
      tokenization: { tokenizer: 'words', sentences: 'segment' },
      reserved: 'drop',
    } as const;
    const build = new Build(options as never, await planBuild(options as never), {
      name, memory: 1 << 30, threads: 1, scratch: undefined,
      temporary: n => n,
      createStore: kind => {
        const map = new Map<string, Uint8Array>();
        stores.set(kind, map);
        const writer: ModelWriter = {
          put(key, value) { map.set(hex(key), value.slice()); bytes += key.length + value.length; return Promise.resolve(); },
          finish: () => Promise.resolve(), abort: () => Promise.resolve(),
        };
        return Promise.resolve(writer);
      },
      openStore: kind => Promise.resolve(storeOf(name, stores.get(kind)!)),
      putWeights: (set, value) => { weights.set(set, value); return Promise.resolve(); },
    });
    await build.run({ sources: [{ name, bytes: file.size, isPlain: true, read: async function* (onRead) {
      const reader = file.stream().getReader();
      for (;;) { const { value, done } = await reader.read(); if (done) break; yield value; onRead(value.length); }
    } }] });
    const created = new Date().toISOString();
    const kept = {
      name, isStored: true, created, bytes,
      open: (smoothing?: Smoothing) => LanguageModel.fromStore(storeOf(name, stores.get('tables')!), { bytes, created, weights }, smoothing ? { smoothing } : {}),
    };
    this.all.set(name, kept);
    return kept;
  }

  find(source: ModelSource): Promise<Kept> {
    const found = 'kept' in source ? this.all.get(source.kept) : undefined;
    if (!found) throw new Error('cannot open that yet');
    return Promise.resolve(found);
  }
  keep(kept: Kept): Promise<Kept> { return Promise.resolve(kept); }
  remove(name: string): Promise<void> { this.all.delete(name); return Promise.resolve(); }
  pack(_kept: Kept): Promise<Blob> { return Promise.resolve(new Blob(['not yet'])); }
}

function storeOf(name: string, map: Map<string, Uint8Array>): ModelStore {
  return {
    name,
    get: key => Promise.resolve(map.get(hex(key))),
    getMany: keys => Promise.resolve(keys.map(key => map.get(hex(key)))),
    close: () => Promise.resolve(),
  } as ModelStore;
}
