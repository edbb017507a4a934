import { KneserError } from '../../../src/base/errors.js';
import { Tokenization } from '../../../src/text/tokenization.js';
import type { CreateTarget } from './target.js';

const encoder = new TextEncoder();

const BYTES = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

/** A small `tokenizer.json` of each kind, as the training libraries write it. */
const TOKENIZERS: readonly object[] = [
  {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      { id: 0, content: '<unk>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    ],
    normalizer: {
      type: 'Sequence',
      normalizers: [{ type: 'NFC' }, { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' }],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [{ type: 'Split', pattern: { Regex: '\\p{N}{1,3}' }, behavior: 'Isolated', invert: false }, BYTES],
    },
    post_processor: BYTES,
    decoder: BYTES,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<unk>',
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: { '<unk>': 0, a: 1, b: 2, c: 3, t: 4, h: 5, e: 6, Ġ: 7, th: 8, the: 9 },
      merges: ['t h', 'th e'],
    },
  },
  {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: { '[UNK]': 0, a: 1, the: 2, '##t': 3, c: 4 },
    },
  },
  {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: { type: 'Precompiled', precompiled_charsmap: null },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', add_prefix_space: true, prepend_scheme: 'always' },
    post_processor: null,
    decoder: { type: 'Metaspace', replacement: '▁', add_prefix_space: true },
    model: {
      type: 'Unigram',
      unk_id: 0,
      vocab: [
        ['<unk>', 0],
        ['▁', -1],
        ['a', -2],
        ['▁the', -3.5],
        ['t', -4],
      ],
      byte_fallback: false,
    },
  },
];

/** A `tokenizer.json`, which is read and used on a text. */
export const tokenizer: CreateTarget = () => ({
  seeds: TOKENIZERS.map(json => encoder.encode(JSON.stringify(json))),
  words: [
    ...[
      '"type"',
      '"BPE"',
      '"Unigram"',
      '"WordPiece"',
      '"WordLevel"',
      '"Sequence"',
      '"Regex"',
      '"String"',
      '"Split"',
      '"Replace"',
      '"vocab"',
    ],
    ...[
      'null',
      'true',
      '[]',
      '{}',
      '""',
      '-1',
      '1e999',
      '"__proto__"',
      '"constructor"',
      '"(a+)+$"',
      '"("',
      '"Prepend"',
      '"Strip"',
      '"Fuse"',
    ],
    ...[
      '"Digits"',
      '"Punctuation"',
      '"TemplateProcessing"',
      '"Lowercase"',
      '"StripAccents"',
      ',',
      ':',
      '{',
      '}',
      '[',
      ']',
    ],
  ],
  names: /tokenizer\.json/,
  async run(bytes) {
    const tokenization = await Tokenization.open(
      { tokenizer: 'tokenizer.json', sentences: 'lines', normalize: 'none' },
      { json: new TextDecoder().decode(bytes) },
    );
    for (const text of ['the cat sat', '', 'é 日本 12345 x\0y']) {
      try {
        tokenization.tokens(text);
      } catch (error) {
        if (!(error instanceof KneserError)) throw error;
      }
    }
  },
});
