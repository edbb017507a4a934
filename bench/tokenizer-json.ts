/** Parts of a `tokenizer.json` that a tokenizer of these tests and benchmarks may have besides its model. */
export interface TokenizerParts {
  readonly normalizer?: object;
  readonly post_processor?: object;
}

/** The printable ASCII characters, without the space. */
export const PRINTABLE: readonly string[] = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const METASPACE = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };

/** The text of a `tokenizer.json` with byte-level BPE, as of GPT-2 and Llama 3. @param merges such as `t h`, by falling priority. */
export function bpeJson(characters: Iterable<string>, merges: readonly string[]): string {
  const tokens = new Set([...characters, 'Ġ', ...merges.map(merge => merge.replace(' ', ''))]);
  const model = { type: 'BPE', unk_token: null, vocab: numbered(tokens), merges };
  return file(model, BYTE_LEVEL, [], {});
}

/** The text of a `tokenizer.json` with Unigram and a metaspace, as SentencePiece makes it. @param pieces each with its natural log probability. */
export function unigramJson(
  pieces: readonly (readonly [piece: string, log: number])[],
  parts: TokenizerParts = {},
): string {
  return file({ type: 'Unigram', unk_id: 0, vocab: [['<unk>', 0], ...pieces] }, METASPACE, ['<unk>'], parts);
}

/** The text of a `tokenizer.json` with WordPiece, like that of BERT. */
export function wordPieceJson(
  tokens: Iterable<string>,
  special: readonly string[] = ['[UNK]'],
  parts: TokenizerParts = {},
): string {
  const vocab = numbered(new Set([...special, ...tokens]));
  const limit = { max_input_chars_per_word: 100, continuing_subword_prefix: '##' };
  return file({ type: 'WordPiece', unk_token: '[UNK]', ...limit, vocab }, { type: 'BertPreTokenizer' }, special, parts);
}

/** Merges that build each word from its beginning: `Ġ` (a space) with the first character, the result with the second character … */
export function mergesOf(words: Iterable<string>): string[] {
  const merges = new Set<string>();
  for (const word of words) {
    let left = 'Ġ';
    for (const character of word) {
      merges.add(`${left} ${character}`);
      left += character;
    }
  }
  return [...merges];
}

/** By token, its id, which is its index in the list. */
function numbered(tokens: ReadonlySet<string>): Record<string, number> {
  return Object.fromEntries([...tokens].map((token, id) => [token, id]));
}

function file(model: object, preTokenizer: object, special: readonly string[], parts: TokenizerParts): string {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return JSON.stringify({
    version: '1.0',
    added_tokens: special.map((content, id) => ({ id, content, ...flags })),
    normalizer: null,
    post_processor: null,
    ...parts,
    pre_tokenizer: preTokenizer,
    decoder: null,
    model,
  });
}
