import { createHash } from 'node:crypto';
import type { TrainOptions } from './plan/options.js';
import { choosePatterns, formatPattern } from '../tables/pattern.js';
import { pretrainedTokenizer, type BuildPlan } from './plan/plan.js';
import { FORMAT_OPTIONS } from '../text/formats/index.js';
import type { Input } from '../text/formats/input.js';
import { packageVersion } from '../base/node/version.js';
import { recordInputs, type Beginning } from './resume/record.js';

/** What the model of a training follows from. @param options with words that can be gone through again. */
export async function beginningOf(
  options: TrainOptions,
  { order, tokenization: { info } }: BuildPlan,
  inputs: readonly Input[],
): Promise<Beginning> {
  const { tokenizer, locale = '', sentences, normalize } = info;
  const pretrained = pretrainedTokenizer(options);
  const json = pretrained ? ` ${digest([pretrained.json])}` : '';
  return {
    settings: {
      'version of kneser': packageVersion(),
      order,
      patterns: choosePatterns(order, options.patterns ?? {})
        .map(formatPattern)
        .join(),
      'hold-out': options.holdOut ?? 0,
      classes: options.classes ?? 0,
      prune: (options.prune ?? []).join(),
      vocabulary: describeVocabulary(options),
      tokenizer: tokenizer + json,
      locale,
      sentences,
      normalize,
      lowercase: options.lowercase ?? false,
      'skip-blank': options.skipBlank ?? false,
      reserved: options.reserved ?? 'refuse',
      ...Object.fromEntries(FORMAT_OPTIONS.map(option => [option, options[option] ?? ''])),
    },
    inputs: options.files ? await recordInputs(inputs) : null,
  };
}

function describeVocabulary({ vocabulary = { kind: 'all' } }: TrainOptions): string {
  switch (vocabulary.kind) {
    case 'all':
      return 'all';
    case 'limit':
      return `limit ${vocabulary.limit}`;
    case 'frequency':
      return `frequency ${vocabulary.atLeast}`;
    case 'words':
      return `words ${digest(vocabulary.words)}`;
  }
}

function digest(texts: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}:${text}`);
  return hash.digest('hex').slice(0, 16);
}
