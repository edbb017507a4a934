import { readdirSync } from 'node:fs';
import { afterAll, expect } from 'vitest';
import { LanguageModel, train, type ModelInfo, type Perplexity } from '#kneser/src/index.js';
import { CommandLine } from './command-line.js';

/** 4 sentences, one of them empty, 15 words of 8 types. */
export const TEXT = 'the cat sat on the mat\nthe dog sat on the log\n\nthe cat ran\n';

/** A line of `kneser score --json`. */
export interface ScoreLine {
  readonly tokens: string[];
  readonly log10Probs: number[];
  readonly matched: number[];
  readonly oov: boolean[];
  readonly log10Prob: number;
  readonly perplexity: number;
}

/** What `kneser perplexity --json` prints. */
export interface PerplexityReport {
  readonly files: ({ readonly file: string } & Perplexity)[];
  readonly total: Perplexity;
}

/** The command line, with {@link TEXT} and its model. After all tests of the file, no command may have left a temporary file. */
export class SmallText extends CommandLine {
  /** A file with the text. */
  corpus = '';
  /** Its model of order 3. */
  trained = '';

  constructor(name: string) {
    super(name);
    afterAll(() => expect(readdirSync(this.temporary)).toEqual([]));
  }

  /** Writes the text, and trains its model. */
  async prepare(): Promise<void> {
    this.corpus = this.file(TEXT);
    this.trained = this.fresh();
    await this.train([this.corpus, '--out', this.trained, '--order', '3']);
  }

  /** A new model of order 3: of one text or several files, made by the command line where it has options. */
  async model(text: string | readonly string[], ...options: string[]): Promise<string> {
    const out = this.fresh();
    const files = [text].flat().map(part => this.file(part));
    if (options.length === 0) await train({ files, out, order: 3 });
    else await this.train([...files, '--out', out, '--order', '3', ...options]);
    return out;
  }

  async score(path: string, input: string | Uint8Array): Promise<ScoreLine[]> {
    return this.json<ScoreLine>(['score', path], { input });
  }

  async perplexity(path: string, ...files: string[]): Promise<PerplexityReport> {
    const [report] = await this.json<PerplexityReport>(['perplexity', path, ...files]);
    return report;
  }
}

/** The `info` of a model, which `kneser inspect` prints (a test of its own checks that). */
export async function inspect(path: string): Promise<ModelInfo> {
  const opened = await LanguageModel.open(path);
  await opened.close();
  return opened.info;
}

/** Checks that every figure is a number, and `null` only where a name allows it: JSON writes NaN as `null`. */
export function expectDefined(value: unknown, nullable: readonly string[] = [], name = ''): void {
  if (value === null) expect(nullable).toContain(name);
  else if (Array.isArray(value)) value.forEach(item => expectDefined(item, nullable, name));
  else if (typeof value === 'object')
    for (const [key, item] of Object.entries(value)) expectDefined(item, nullable, key);
  else if (typeof value === 'number') expect(value).toSatisfy(Number.isFinite);
}
