import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporaryFolder } from '../base/node/leftovers.js';
import type { WorkOptions } from '../base/progress.js';
import { LanguageModel } from '../model/language-model.js';
import type { BuildOptions } from '../train/plan/options.js';
import { train } from '../train/train.js';
import { wordCounts } from '../tools/counts.js';

/** How the models of a comparison read text. */
export interface ProxyOptions extends WorkOptions {
  /** The order of the models. */
  readonly order: number;
  readonly lowercase: boolean;
}

/** Small models that are trained for one comparison in a temporary folder, which is removed afterwards. */
export class Proxies {
  /** The models that are open. */
  private readonly models: LanguageModel[] = [];
  /** Number of folders so far. */
  private serial = 0;

  private constructor(
    private readonly folder: string,
    private readonly options: ProxyOptions,
  ) {}

  /** Calls `use`, which makes models, and removes the models when `use` has ended. */
  static async with<T>(options: ProxyOptions, use: (proxies: Proxies) => Promise<T>): Promise<T> {
    const proxies = await Proxies.open(options);
    try {
      return await use(proxies);
    } finally {
      await proxies.close();
    }
  }

  /** Makes the folder of the models. The caller must call {@link close}. */
  static async open(options: ProxyOptions): Promise<Proxies> {
    return new Proxies(await makeTemporaryFolder('proxies'), options);
  }

  /** The words of a text by falling count: the `limit` most frequent ones, or the words seen at least `atLeast` times. */
  async words(
    sentences: AsyncIterable<string>,
    choice: { readonly limit?: number; readonly atLeast?: number },
  ): Promise<string[]> {
    const out = this.fresh();
    const { limit, atLeast } = choice;
    await train({
      sentences,
      out,
      order: 1,
      reserved: 'drop',
      ...this.common(),
      ...(limit === undefined ? {} : { vocabulary: { kind: 'limit', limit } }),
      ...(atLeast === undefined ? {} : { vocabulary: { kind: 'frequency', atLeast } }),
    });
    const words: string[] = [];
    for await (const { word } of wordCounts({ model: out })) if (!MARKS.has(word)) words.push(word);
    return words;
  }

  /** Trains and opens a model of a text, whose vocabulary is `words`. */
  async model(sentences: AsyncIterable<string>, words: readonly string[]): Promise<LanguageModel> {
    const out = this.fresh();
    const vocabulary = { kind: 'words', words } as const;
    await train({ sentences, out, order: this.options.order, reserved: 'drop', vocabulary, ...this.common() });
    const model = await LanguageModel.open(out);
    this.models.push(model);
    return model;
  }

  /** Closes the models and removes their folder. */
  async close(): Promise<void> {
    for (const model of this.models) await model.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The path of a new folder for a model. */
  private fresh(): string {
    return join(this.folder, `model-${++this.serial}`);
  }

  private common(): Pick<BuildOptions, 'lowercase' | 'skipBlank' | 'onProgress' | 'signal'> {
    const { lowercase, onProgress, signal } = this.options;
    return { lowercase, skipBlank: true, ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) };
  }
}

const MARKS = new Set(['<unk>', '<s>', '</s>']);

/** The lines of texts. */
export async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const text of texts) yield* text.split('\n');
}
