import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readEngine } from '#kneser/src/text/tokenizer-json/engine.js';
import { pretrained } from '#kneser/src/text/pretrained.js';
import { bpeJson, unigramJson, wordPieceJson } from '#kneser/bench/tokenizer-json.js';
import { tokenizerRefusal } from '../support/refusal.js';

/** A `tokenizer.json` by its parts, and the reference's tokens: see `fixtures/tokenizers/generate.py`. */
interface Case {
  readonly name: string;
  readonly model: string;
  readonly normalizer?: object;
  readonly pre_tokenizer?: object;
  readonly added_tokens?: readonly object[];
  readonly opens?: false;
  /** By line, `null` where the reference fails. */
  readonly tokens?: readonly (readonly string[] | null)[];
  readonly sha256?: string;
}

interface Fixture {
  readonly tokenizers: string;
  readonly lines: readonly string[];
  readonly models: Readonly<Record<string, object>>;
  readonly cases: readonly Case[];
}

const { lines, models, cases } = JSON.parse(
  gunzipSync(readFileSync(new URL('../fixtures/tokenizers/cases.json.gz', import.meta.url))).toString(),
) as Fixture;

function jsonOf({ model, normalizer, pre_tokenizer, added_tokens = [] }: Case): string {
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens,
    normalizer: normalizer ?? null,
    pre_tokenizer: pre_tokenizer ?? null,
    post_processor: null,
    decoder: null,
    model: models[model],
  });
}

/** The tokens of a line, or the message of the refusal. */
function tokensOf(engine: ReturnType<typeof readEngine<string>>, line: string): string[] | string {
  const tokens: string[] = [];
  return (
    tokenizerRefusal(() => {
      engine.tokenize(line, token => tokens.push(token));
    }) ?? tokens
  );
}

/** The cases that kneser refuses when it opens the file: the name of the case, and the message. */
const REFUSED: readonly (readonly [name: RegExp, message: RegExp])[] = [
  [/UnicodeScripts/, /the pre-tokenizer UnicodeScripts is not supported$/],
  [/^pattern \(a\)\\1$/, /: \\1 at character 4 is not supported$/],
  [/^pattern \\R$/, /: \\R at character 1 is not supported$/],
  [/^pattern \\X$/, /: \\X at character 1 is not supported$/],
  [/^pattern \(\?m\)\.$/, /: the group \(\?m\) at character 1 is not supported$/],
  [/^pattern \(\?~ab\)$/, /: the group \(\?~a at character 1 is not supported$/],
  [/^pattern \(\?i\)straße$|^pattern \(\?i:ss\)$/, /: a pair of characters that one character also stands for /],
  [/^pattern \[\]a\]$/, /: an empty class at character 2 is not supported$/],
  [/^pattern a\{1,2\}\{2\}$/, /: a second quantifier at character 10 is not supported$/],
  [/^pattern \\p\{Emoji\}$/, /: the property Emoji at character 1 is not supported$/],
  [/^replace (a\*|\\b)$/, /: can match the empty string, which is not supported$/],
  [/^added same when normalized, (Lowercase|bpe)$/, /^added_tokens: two tokens are "token" when normalized$/],
  [/^added empty when normalized, Strip$/, /^added_tokens: " " becomes the empty string when normalized$/],
  [
    /^(Strip|StripAccents|Replace (longer|by nothing|regex)|Nmt|ByteLevel|Precompiled|Bert)\b.* \+ Metaspace first/,
    /prepend_scheme: first is not supported after the normalizer /,
  ],
  [
    /^pre-tokenizers (ByteLevel|Metaspace)\b.* \+ Metaspace first/,
    /prepend_scheme: first is not supported after the pre-tokenizer (ByteLevel|Metaspace)$/,
  ],
];

describe('the tokens of the reference, or an error that names the unsupported part', () => {
  test.each([...groupsOf(cases)])('%s', (_, group) => {
    for (const one of group) check(one);
  });

  test('each kind of refusal has a case', () => {
    for (const [name] of REFUSED) expect([name, cases.some(one => name.test(one.name))]).toEqual([name, true]);
  });

  function groupOf({ name }: Case): string {
    return (
      /^(normalizers?|pre-tokenizers?|patterns?|replace|added)\b/.exec(name)?.[0] ?? name.replace(/( \+|,) .*/, '')
    );
  }

  function groupsOf(all: readonly Case[]): Map<string, Case[]> {
    const found = new Map<string, Case[]>();
    for (const one of all) found.set(groupOf(one), [...(found.get(groupOf(one)) ?? []), one]);
    return found;
  }

  function check(one: Case): void {
    const { name, opens, tokens, sha256 } = one;
    const expected = REFUSED.find(([pattern]) => pattern.test(name));
    if (expected || opens === false) {
      const message = tokenizerRefusal(() => void readEngine(jsonOf(one), token => token));
      expect([name, message]).toEqual([name, expect.stringMatching(expected?.[1] ?? /./) as string]);
      return;
    }
    const engine = readEngine(jsonOf(one), token => token);
    const found = lines.map(line => tokensOf(engine, line));
    if (sha256 !== undefined) {
      const text = JSON.stringify(found.map(line => (typeof line === 'string' ? null : line)));
      expect([name, createHash('sha256').update(text).digest('hex')]).toEqual([name, sha256]);
      return;
    }
    const got = found.map((tokens, i) => [lines[i], typeof tokens === 'string' ? null : tokens]);
    expect([name, got]).toEqual([name, lines.map((line, i) => [line, tokens?.[i]])]);
  }
});

describe('regression: components that the npm library read differently from the Python library', () => {
  const bpe = (vocab: readonly string[], merges: readonly string[], more: object): object => ({
    type: 'BPE',
    dropout: null,
    unk_token: '<unk>',
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab: Object.fromEntries(vocab.map((token, id) => [token, id])),
    merges: merges.map(merge => merge.split(' ')),
    ...more,
  });
  const cat = (more: object): object => bpe(['<unk>', 'c', 'a', 't', 'ca', 'cat', '▁'], ['c a', 'ca t'], more);
  const naive = ['<unk>', 'n', 'a', 'ï', 'v', 'e', 'na', 'ïv', 'naïv', 'naïve'];

  test.each<[string, object, object, string, string[]]>([
    [
      'Whitespace, whose words have letters beyond ASCII',
      { type: 'Whitespace' },
      bpe(naive, ['n a', 'ï v', 'na ïv', 'naïv e'], {}),
      'naïve',
      ['naïve'],
    ],
    [
      'continuing_subword_prefix',
      { type: 'WhitespaceSplit' },
      bpe(['<unk>', 'c', '##a', '##t', 'ca', 'cat'], ['c ##a', 'ca ##t'], { continuing_subword_prefix: '##' }),
      'cat',
      ['cat'],
    ],
    [
      'Split at a text, which is removed',
      { type: 'Split', pattern: { String: ' ' }, behavior: 'Removed', invert: false },
      cat({}),
      'cat cat',
      ['cat', 'cat'],
    ],
    ['fuse_unk', { type: 'WhitespaceSplit' }, cat({ fuse_unk: true }), 'X Y cat', ['<unk>', '<unk>', 'cat']],
  ])('%s', (_, pre_tokenizer, model, text, tokens) => {
    const engine = readEngine(JSON.stringify({ ...ROOT, pre_tokenizer, model }), token => token);
    expect(tokensOf(engine, text)).toEqual(tokens);
  });

  test('a refused text does not change the tokens of the next text', () => {
    const model = { type: 'WordLevel', vocab: { a: 0, b: 1 }, unk_token: '[UNK]' };
    const engine = readEngine(
      JSON.stringify({ ...ROOT, pre_tokenizer: { type: 'Whitespace' }, model }),
      token => token,
    );
    expect(tokensOf(engine, 'a x b')).toMatch(/unknown word, and unk_token \[UNK\] is not in the vocabulary/);
    expect(tokensOf(engine, 'b a')).toEqual(['b', 'a']);
  });
});

describe('the text of tokens', () => {
  const { tokens, decoders, added } = JSON.parse(
    gunzipSync(readFileSync(new URL('../fixtures/tokenizers/decode.json.gz', import.meta.url))).toString(),
  ) as {
    readonly tokens: readonly (readonly string[])[];
    /** By list of tokens, the text of the reference; `null` where it fails. */
    readonly decoders: readonly { readonly decoder: object | null; readonly texts: readonly (string | null)[] }[];
    readonly added: {
      readonly lines: readonly string[];
      readonly files: readonly { readonly file: object; readonly texts: readonly string[] }[];
    };
  };
  const fileWith = (decoder: object | null, more: object = {}): string =>
    JSON.stringify({ ...ROOT, pre_tokenizer: null, model: models['pieces'], decoder, ...more });

  test.each(decoders.map(each => [JSON.stringify(each.decoder), each] as const))(
    'is that of the reference with %s: fixtures/tokenizers/decode.py',
    (_, { decoder, texts }) => {
      const engine = readEngine(fileWith(decoder), token => token);
      tokens.forEach((list, i) => {
        if (texts[i] !== null) expect([list, engine.join(list)]).toEqual([list, texts[i]]);
      });
    },
  );

  test('has added tokens as they are found: normalized or not', () => {
    for (const { file, texts } of added.files) {
      const engine = readEngine(JSON.stringify(file), token => token);
      const found = added.lines.map(line => {
        const tokens: string[] = [];
        engine.tokenize(line, token => tokens.push(token));
        return engine.join(tokens);
      });
      expect([file, found]).toEqual([file, texts]);
    }
  });

  test('is refused if the decoder is not supported, when a text is asked for', () => {
    const pattern = { Regex: '(a)\\1' };
    const engine = readEngine(fileWith({ type: 'Replace', pattern, content: '' }), token => token);
    expect(tokensOf(engine, 'ab')).toEqual(['ab']);
    expect(tokenizerRefusal(() => void engine.join(['a']))).toMatch(/^decoder\.pattern: .* is not supported$/);
    for (const decoder of [
      { type: 'BPEDecoder', suffix: '' },
      { type: 'CTC', pad_token: '', word_delimiter_token: '', cleanup: true },
    ]) {
      const made = readEngine(fileWith(decoder), token => token);
      expect(tokenizerRefusal(() => void made.join(['a']))).toMatch(
        /^decoder\.\w+: is the empty string, which is not supp/,
      );
    }
  });

  test('has the separators that names stand for in tokens of the vocabulary', () => {
    const model = { type: 'WordLevel', unk_token: 'a', vocab: { a: 0, '  ': 1, 'x\ty': 2, '▁b': 3 } };
    const { join } = pretrained({ json: fileWith({ type: 'Fuse' }, { model }) });
    expect(join(['a', '▁▁', 'x␉y', '▁b'])).toBe('a  x\ty▁b');
  });
});

test('added tokens that are white space, or take it, as in the reference: fixtures/tokenizers/added.py', () => {
  const { model, lines, cases } = JSON.parse(
    gunzipSync(readFileSync(new URL('../fixtures/tokenizers/added.json.gz', import.meta.url))).toString(),
  ) as Pick<Fixture, 'lines'> & {
    readonly model: object;
    readonly cases: readonly Required<Pick<Case, 'added_tokens' | 'tokens'>>[];
  };
  for (const { added_tokens, tokens } of cases) {
    const engine = readEngine(JSON.stringify({ ...ROOT, added_tokens, pre_tokenizer: null, model }), token => token);
    const found = lines.map(line => tokensOf(engine, line)).map(line => (typeof line === 'string' ? null : line));
    const where = JSON.stringify(added_tokens);
    lines.forEach((line, i) => expect([where, line, found[i]]).toEqual([where, line, tokens[i]]));
  }
});

test('joined emoji are cut into the clusters of the reference: fixtures/tokenizers/clusters.py', () => {
  const { charsmap, texts } = JSON.parse(
    readFileSync(new URL('../fixtures/tokenizers/clusters.json', import.meta.url), 'utf8'),
  ) as { readonly charsmap: string; readonly texts: readonly (readonly [text: string, normalized: string])[] };
  const normalizer = { type: 'Precompiled', precompiled_charsmap: charsmap };
  const engine = readEngine(
    JSON.stringify({ ...ROOT, normalizer, pre_tokenizer: null, model: models['pieces'] }),
    token => token,
  );
  for (const [text, normalized] of texts) expect([text, tokensOf(engine, text)]).toEqual([text, [normalized]]);
});

const ROOT = { version: '1.0', added_tokens: [], normalizer: null, post_processor: null, decoder: null };

describe('every unknown or impossible part of the file is refused by its path', () => {
  type File = Record<string, unknown> & { model: Record<string, unknown> };
  const files = { bpe: bpeJson('abc', ['a b']), unigram: unigramJson([['a', -1]]), wordPiece: wordPieceJson(['a']) };

  test.each<[keyof typeof files, (file: File) => void, RegExp]>([
    ['bpe', file => (file.model.dropout = 0.1), /^model\.dropout: /],
    ['bpe', file => (file.model.sampling = true), /^model\.sampling: is an unknown field$/],
    ['bpe', file => (file.model.type = 'Magic'), /^model: the model Magic is not supported$/],
    ['bpe', file => (file.model.merges = ['a b c']), /^model\.merges\[0\]: is not a pair of tokens$/],
    ['bpe', file => (file.model.merges = [['a', 'z']]), /^model\.merges: "z" is not in the vocabulary$/],
    ['bpe', file => (file.model.vocab = { a: 0, b: 0 }), /^model\.vocab: two tokens have the id 0$/],
    ['bpe', file => (file.model.vocab = { '\ud800': 0 }), /^model\.vocab: holds half of a surrogate pair/],
    ['bpe', file => (file.extra = 1), /^extra: is an unknown field$/],
    ['bpe', file => (file.version = '2.0'), /^version: is not 1\.0$/],
    ['bpe', file => (file.truncation = { max_length: 8 }), /^truncation: /],
    ['bpe', file => (file.padding = { strategy: { Fixed: 8 } }), /^padding: /],
    [
      'bpe',
      file => (file.padding = { strategy: 'BatchLongest', pad_to_multiple_of: 8 }),
      /^padding\.pad_to_multiple_of: would add tokens/,
    ],
    ['bpe', file => (file.padding = { strategy: 'BatchLongest', fill: 8 }), /^padding\.fill: is an unknown field$/],
    ['bpe', file => (file.post_processor = { type: 'Magic' }), /^post_processor\.type: "Magic" is none of /],
    [
      'bpe',
      file => (file.post_processor = { type: 'Sequence', processors: [{ type: 'Magic' }] }),
      /^post_processor\.processors\[0\]\.type: "Magic" is none of /,
    ],
    ['bpe', file => (file.decoder = { type: 'Magic' }), /^decoder\.type: "Magic" is none of /],
    [
      'bpe',
      file =>
        (file.decoder = {
          type: 'Sequence',
          decoders: [{ type: 'Fuse' }, { type: 'Sequence', decoders: [{ type: 'Magic' }] }],
        }),
      /^decoder\.decoders\[1\]\.decoders\[0\]\.type: "Magic" is none of /,
    ],
    ['bpe', file => (file.decoder = { type: 'Sequence' }), /^decoder\.decoders: is not a list$/],
    ['bpe', file => (file.normalizer = { type: 'Magic' }), /^normalizer: the normalizer Magic is not supported$/],
    [
      'bpe',
      file => (file.normalizer = { type: 'Prepend', prepend: '' }),
      /^normalizer\.prepend: is the empty string, which is not supported$/,
    ],
    ['bpe', file => (file.normalizer = { type: 'NFC', form: 1 }), /^normalizer\.form: is an unknown field$/],
    [
      'bpe',
      file => (file.pre_tokenizer = { type: 'Magic' }),
      /^pre_tokenizer: the pre-tokenizer Magic is not supported$/,
    ],
    [
      'bpe',
      file => (file.pre_tokenizer = { type: 'Sequence', pretokenizers: [{ type: 'Digits' }] }),
      /^pre_tokenizer\.pretokenizers\[0\]\.individual_digits: is not true or false$/,
    ],
    [
      'bpe',
      file => (file.pre_tokenizer = { type: 'Punctuation', behavior: 'Joined' }),
      /"Joined" is none of Removed, /,
    ],
    [
      'bpe',
      file => (file.added_tokens = [{ id: 1, content: 'x', special: true }]),
      /^added_tokens\[0\]\.single_word: /,
    ],
    ['unigram', file => (file.model.unk_id = 7), /^model\.unk_id: is beyond the vocabulary$/],
    ['unigram', file => (file.model.vocab = [['a']]), /^model\.vocab\[0\]: is not a pair of a token and its score$/],
    ['unigram', file => (file.model.alpha = 0.1), /^model\.alpha: is an unknown field$/],
    ['wordPiece', file => (file.model.max_input_chars_per_word = 'all'), /^model\.max_input_chars_per_word: /],
  ])('%s %s', (name, change, message) => {
    const file = JSON.parse(files[name]) as File;
    change(file);
    expect(tokenizerRefusal(() => void readEngine(JSON.stringify(file), token => token))).toMatch(message);
  });

  test('padding to the longest of a batch adds nothing to a text', () => {
    const file = JSON.parse(files.bpe) as File;
    // As PyPI's tokenizers 0.23.3 writes it.
    file.padding = {
      strategy: 'BatchLongest',
      direction: 'Right',
      pad_to_multiple_of: null,
      pad_id: 0,
      pad_type_id: 0,
      pad_token: '[PAD]',
    };
    expect(tokenizerRefusal(() => void readEngine(JSON.stringify(file), token => token))).toBeUndefined();
  });
});

describe('long texts', () => {
  test('are merged in the same order as short ones', () => {
    // Random merges over four letters, in pieces on both sides of where merging by a heap begins.
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 16) % below;
    };
    const tokens = ['a', 'b', 'c', 'd'];
    const merges: string[] = [];
    while (merges.length < 200) {
      const [left, right] = [tokens[random(tokens.length)], tokens[random(tokens.length)]];
      if (left.length + right.length > 8 || tokens.includes(left + right)) continue;
      tokens.push(left + right);
      merges.push(`${left} ${right}`);
    }
    const model = { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges };
    const engine = readEngine(JSON.stringify({ ...ROOT, pre_tokenizer: null, model }), token => token);
    for (let length = 30; length < 130; length++) {
      const text = Array.from({ length }, () => 'abcd'[random(4)]).join('');
      expect(tokensOf(engine, text)).toEqual(merged(Array.from(text), merges));
    }
  });

  /** Byte-pair encoding by its definition: merges the leftmost pair of the lowest rank, until no pair has a merge. */
  function merged(symbols: string[], merges: readonly string[]): string[] {
    for (;;) {
      const ranks = symbols.slice(1).map((right, i) => merges.indexOf(`${symbols[i]} ${right}`));
      const known = ranks.filter(rank => rank >= 0);
      if (known.length === 0) return symbols;
      const at = ranks.indexOf(Math.min(...known));
      symbols.splice(at, 2, symbols[at] + symbols[at + 1]);
    }
  }
});
