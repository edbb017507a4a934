import { callBack } from '../base/call-back.js';
import { stat } from 'node:fs/promises';
import { checkAborted } from '../base/errors.js';
import type { FileOptions } from './api.js';
import type { ModelParts } from './scoring/parts.js';
import { PerplexitySum } from './scoring/perplexity.js';
import { readIds } from './scoring/text-reader.js';
import type { LoadedWords } from './lookup/words.js';
import { readText } from '../text/formats/index.js';
import { EOS } from '../text/tokens.js';

/** Adds up the scores of a text file. @param add scores the next ids of the file and adds their scores to the sum. */
export async function sumFile(
  path: string,
  words: LoadedWords,
  { manifest, tokenization }: ModelParts,
  options: FileOptions,
  add: (ids: Uint32Array, sum: PerplexitySum) => Promise<void>,
): Promise<PerplexitySum> {
  const { onProgress, signal } = options;
  const total = onProgress && (await stat(path).catch(() => undefined));
  let done = 0;
  const onRead = (read: number): void => {
    done += read;
    callBack(onProgress, { stage: 'score', done, total: total?.isFile() ? total.size : undefined, unit: 'bytes' });
  };
  const sum = new PerplexitySum();
  const onSkip = (documents: number): void => {
    sum.skipped += documents;
    callBack(options.onSkip, documents);
  };
  const text = readText(path, { ...options, onRead, onSkip });
  const spell = (token: Uint8Array): void => {
    sum.spellingLog10Prob += words.spell(token);
  };
  const pieces = readIds(text, path, words, tokenization, manifest.options.skipBlank, spell);
  for await (const { ids, bytes, characters } of pieces) {
    checkAborted(signal, 'scoring');
    sum.bytes += bytes;
    sum.characters += characters;
    sum.replaced += words.replaced;
    words.replaced = 0;
    sum.sentences += countOf(EOS, ids);
    await add(ids, sum);
  }
  return sum;
}

function countOf(id: number, ids: Uint32Array): number {
  let count = 0;
  for (let i = 0; i < ids.length; i++) if (ids[i] === id) count++;
  return count;
}
