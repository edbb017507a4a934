import type { Schema } from './members.js';

/** The schemas of answers, for the OpenAPI document. */

const text: Schema = { type: 'string' };
const whole: Schema = { type: 'integer', minimum: 0 };
const number: Schema = { type: 'number' };
const numberOrNull: Schema = { type: ['number', 'null'] };
const listOf = (items: Schema): Schema => ({ type: 'array', items });
/** An object with these members, and perhaps others. */
const object = (properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter(name => !optional.includes(name)),
});

const score = {
  tokens: listOf(text),
  log10Probs: listOf(numberOrNull),
  matched: listOf(whole),
  oov: listOf({ type: 'boolean' }),
  log10Prob: numberOrNull,
  perplexity: numberOrNull,
};

const choices = listOf(
  object({
    index: whole,
    text,
    logprobs: {
      anyOf: [
        { type: 'null' },
        object({
          tokens: listOf(text),
          token_logprobs: listOf(numberOrNull),
          top_logprobs: { type: ['array', 'null'], items: { type: ['object', 'null'] } },
          text_offset: listOf(whole),
        }),
      ],
    },
    finish_reason: { enum: ['stop', 'length', null] },
  }),
);

const error = object({
  error: object({ message: text, type: text, param: { type: ['string', 'null'] }, code: { type: ['string', 'null'] } }),
});

const prediction = object({ token: text, probability: number, log10Prob: numberOrNull, matched: whole });

/** The schemas by the name of the answer. */
export const SCHEMAS = {
  error,
  health: object({ status: { const: 'ok' }, models: listOf(text) }),
  models: object({
    object: { const: 'list' },
    data: listOf(object({ id: text, object: { const: 'model' }, created: whole, owned_by: text })),
  }),
  info: object({ model: text, info: object({ order: whole, tokens: whole, vocabulary: whole }) }),
  model: object({ id: text, object: { const: 'model' }, created: whole, owned_by: text }),
  completion: object({
    id: text,
    object: { const: 'text_completion' },
    created: whole,
    model: text,
    choices,
    usage: object({ prompt_tokens: whole, completion_tokens: whole, total_tokens: whole }),
  }),
  tokens: object({ count: whole, max_model_len: whole, tokens: listOf(whole), token_strs: listOf(text) }, [
    'token_strs',
  ]),
  text: object({ prompt: text }),
  tokenizer: object({ tokenizer_class: text, bos_token: text, eos_token: text }),
  score: { anyOf: [object({ model: text, ...score }), object({ model: text, scores: listOf(object(score)) })] },
  perplexity: object({
    model: text,
    sentences: whole,
    tokens: whole,
    oov: whole,
    log10Prob: numberOrNull,
    perplexity: numberOrNull,
    perplexityExcludingOov: numberOrNull,
    bitsPerToken: numberOrNull,
    bitsPerCharacter: numberOrNull,
    bitsPerByte: numberOrNull,
  }),
  vector: {
    anyOf: [
      object({ model: text, ...score, vector: listOf(numberOrNull) }),
      object({ model: text, vectors: listOf(object({ ...score, vector: listOf(numberOrNull) })) }),
    ],
  },
  predictions: {
    anyOf: [
      object({ model: text, predictions: listOf(prediction) }),
      object({ model: text, histories: listOf(listOf(prediction)) }),
    ],
  },
  texts: object({
    model: text,
    texts: listOf(object({ text, tokens: listOf(text), log10Probs: listOf(numberOrNull), log10Prob: numberOrNull })),
  }),
  lines: { type: 'array', items: { type: 'object' } },
  anything: {},
} as const satisfies Readonly<Record<string, Schema>>;
