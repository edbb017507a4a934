import { callBack } from '../base/call-back.js';
import { KneserError } from '../base/errors.js';
import type { LanguageModel } from '../model/language-model.js';
import type { TokenScoring } from '../model/token-scoring.js';
import { wordIds } from '../tables/manifest.js';
import { FIRST_WORD } from '../text/tokens.js';
import { hashBytes } from '../text/word-list.js';
import { tokenizerName } from './conventions.js';
import type { ScoredDocuments } from './scored.js';

/** Refuses two models that cut text differently. @throws KNESER_OPTION */
export async function checkPair(model: LanguageModel, against: LanguageModel): Promise<void> {
  const [own, other] = [model, against].map(({ parts }) => parts.tokenization.info);
  const names = ['tokenizer', 'locale', 'sentences', 'normalize'] as const;
  const lowercase = [model, against].map(({ info }) => info.options.lowercase);
  const differs =
    names.find(name => own[name] !== other[name]) ?? (lowercase[0] === lowercase[1] ? undefined : 'lowercase');
  const isOneFile = (await tokenizerName(model)) === (await tokenizerName(against));
  if (differs === undefined && isOneFile) return;
  const what = differs ?? 'the file of their tokenizer';
  throw new KneserError(
    'KNESER_OPTION',
    `against: the two models differ in ${what}, so that their tokens cannot be compared; train both with the same ${differs ?? 'file'}`,
  );
}

/** Warns if two vocabularies differ. */
export function compareWords(own: TokenScoring, other: TokenScoring, onWarning?: (warning: string) => void): void {
  const [missing, added] = [wordsWithout(other, own), wordsWithout(own, other)];
  if (missing + added === 0) return;
  callBack(
    onWarning,
    `the vocabularies differ: ${missing} words of the model are unknown to the second, and ${added} the other way round. Each ` +
      'gives <unk> another mass, and a smaller vocabulary looks better; train both with the same --vocab',
  );
}

/** How many words of the second model the first model (`other`) lacks. */
function wordsWithout(other: TokenScoring, { words, parts }: TokenScoring): number {
  let missing = 0;
  for (let id = FIRST_WORD; id < wordIds(parts.manifest); id++) {
    const word = words.list.bytes(id);
    if (other.words.list.find(word, 0, word.length, hashBytes(word, 0, word.length)) === 0) missing++;
  }
  return missing;
}

/** The first documents, of this number, are used to check whether the second model was trained on the documents. */
const GUARDED = 1000;
/** The second model counts as trained on the documents if `matched` is on average at least this share of its order. */
const SEEN_SHARE = 0.9;

/** Warns if the documents look like the training text of the second model. */
export class Guard {
  private documents = 0;
  private tokens = 0;
  private matched = 0;
  private ended = false;

  constructor(
    private readonly order: number,
    private readonly onWarning: ((warning: string) => void) | undefined,
  ) {}

  look(documents: ScoredDocuments<unknown>): void {
    if (this.ended) return;
    for (const { againstSum } of documents) {
      if (!againstSum) continue;
      this.tokens += againstSum.tokens;
      this.matched += againstSum.matched;
      if (++this.documents === GUARDED) break;
    }
    if (this.documents === GUARDED) this.end();
  }

  end(): void {
    if (this.ended || this.tokens === 0) return;
    this.ended = true;
    const mean = this.matched / this.tokens;
    if (mean < SEEN_SHARE * this.order) return;
    callBack(
      this.onWarning,
      `the second model finds n-grams of ${mean.toFixed(2)} tokens on average, of at most ${this.order}: it looks as if it was ` +
        'trained on these documents. It recites them, and the ratio says little; use --target, or a model of other documents',
    );
  }
}
