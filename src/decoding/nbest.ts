import { KneserError } from '../base/errors.js';

/** A text that another model proposes. */
export interface Candidate {
  /** The text, which the language model's tokenizer cuts into tokens. */
  readonly text: string;
  /** Its score by that model (natural logarithm); higher is better. 0 if the file has no score. */
  readonly score: number;
}

/** The texts that another model proposes for one input, such as one utterance; its first choice first. */
export interface NBestList {
  /** The name of the input. */
  readonly id: string;
  /** At least one candidate. */
  readonly candidates: readonly Candidate[];
}

/** The formats of n-best lists, which {@link NBestReader} describes. */
type NBestFormat = 'json' | 'moses' | 'srilm';

/** Matches a line `(score) w1 w2 …` of NBestList1.0; the score is in bytelogs. */
const DECIPHER = /^\((-?\d+(?:\.\d+)?)\)\s*(.*)$/;
/** Matches a line `acoustic language words w1 w2 …` of SRILM; the two scores are log10, `words` is the number of words. */
const SRILM = /^(-?[\d.]+(?:e[-+]?\d+)?)\s+(-?[\d.]+(?:e[-+]?\d+)?)\s+(\d+)(?:\s+(.*))?$/i;
/** ln of the base of bytelogs: a logarithm to the base 1.0001, divided by 1024 (SRILM's manual page nbest-format); 1 / ln 1.0001 is 10000.5. */
const LN_OF_BYTELOG = 1024 / 10_000.5;

/**
 * Reads n-best lists from the lines of a file. The first line decides the format:
 *
 * - `json`: one list a line, `{"id": …, "candidates": [{"text": …, "score": …}, …]}`, or one candidate a line,
 *   `{"id": …, "text": …, "score": …}`;
 * - `moses`: one candidate a line, `id ||| text ||| features ||| score`; the candidates of one id follow each other;
 * - `srilm`: one list a file, with one candidate a line: `acoustic language words text` (log10), or `(bytelogs) text` after the line
 *   `NBestList1.0`.
 *
 * SRILM's scores are converted to natural logarithms. Scores of Moses and JSON are not changed.
 */
export class NBestReader {
  readonly #file: string;
  /** The format; `undefined` before the first line. */
  #format: NBestFormat | undefined;
  /** The number of the last line, from 1. */
  #line = 0;
  /** The id of the list whose candidates are being read. */
  #id: string | undefined;
  /** The candidates of this list so far. */
  #candidates: Candidate[] = [];

  /** @param file the name of the file, for messages, and the id of an SRILM list. */
  constructor(file: string) {
    this.#file = file;
  }

  /** Takes a line. @returns the list that it completes, if it completes one. @throws KNESER_INPUT_NBEST */
  add(line: string): NBestList | undefined {
    this.#line++;
    if (line.trim() === '') return undefined;
    this.#format ??= formatOf(line);
    if (this.#format === 'json') return this.#addJson(line);
    if (this.#format === 'moses') return this.#addMoses(line);
    if (this.#format === 'srilm') return this.#addSrilm(line);
    throw this.#fault(
      'is no n-best list; a line is a JSON object with candidates, `id ||| text ||| features ||| score` (Moses), or a candidate of SRILM',
    );
  }

  /** Ends the file. @returns the last list; `undefined` if all lists were returned before. */
  end(): NBestList | undefined {
    return this.#turn(undefined);
  }

  #addJson(line: string): NBestList | undefined {
    let object: unknown;
    try {
      object = JSON.parse(line);
    } catch (error) {
      throw this.#fault('is no JSON', error);
    }
    const { id, candidates, text, score, scores } = (object ?? {}) as Readonly<Record<string, unknown>>;
    const name = typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
    if (candidates === undefined) {
      if (name === undefined) throw this.#fault('has no "candidates" and no "id"');
      return this.#addCandidate(name, this.#candidate({ text, score, scores }, line));
    }
    if (!Array.isArray(candidates)) throw this.#fault('has "candidates" that are no list');
    if (candidates.length === 0) throw this.#fault('has no candidates; leave the line out, or give at least one');
    const before = this.#turn(undefined);
    if (before) throw this.#fault('has a list, but the lines before have one candidate each');
    return { id: name ?? String(this.#line), candidates: candidates.map(one => this.#candidate(one, line)) };
  }

  #candidate(given: unknown, line: string): Candidate {
    const { text, score, scores } = (given ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof text !== 'string') throw this.#fault('has a candidate whose "text" is no string');
    if (score !== undefined && typeof score !== 'number') {
      throw this.#fault(`has a candidate whose "score" is no finite number: ${JSON.stringify(score)}`);
    }
    if (score !== undefined) return { text, score: Number.isFinite(score) ? score : this.#score(infiniteScore(line)) };
    if (scores !== undefined) {
      throw this.#fault('has a candidate with "scores" and no "score": write their weighted sum as "score"');
    }
    return { text, score: 0 };
  }

  #addMoses(line: string): NBestList | undefined {
    const fields = line.split(' ||| ').map(field => field.trim());
    const score = fields[3] ?? '0';
    if (fields.length < 2 || fields[0] === '' || Number.isNaN(Number(score))) {
      throw this.#fault('is not `id ||| text ||| features ||| score`');
    }
    return this.#addCandidate(fields[0], { text: fields[1], score: this.#score(score) });
  }

  #addSrilm(line: string): NBestList | undefined {
    const trimmed = line.trim();
    if (trimmed === 'NBestList1.0') return undefined;
    if (/^NBestList2/.test(trimmed))
      throw this.#fault('is NBestList2.0, with times; convert it by SRILM’s rescore-decipher');
    const decipher = DECIPHER.exec(trimmed);
    if (decipher)
      return this.#addCandidate(this.#file, { text: decipher[2], score: this.#score(decipher[1], LN_OF_BYTELOG) });
    const srilm = SRILM.exec(trimmed);
    const words = srilm?.[4]?.split(/\s+/) ?? [];
    if (!srilm || words.length !== Number(srilm[3])) {
      throw this.#fault('is not `acoustic language words text` with as many words as it says');
    }
    const kept = words.filter(word => word !== '<s>' && word !== '</s>');
    return this.#addCandidate(this.#file, { text: kept.join(' '), score: this.#score(srilm[1], Math.LN10) });
  }

  /** The score that stands in a line as `text`, converted to natural logarithms. */
  #score(text: string, unit = 1): number {
    const score = Number(text) * unit;
    if (Number.isFinite(score)) return score;
    throw this.#fault(`has the score ${text}, which is ${Number.isNaN(score) ? 'no number' : 'too large'}`);
  }

  #addCandidate(id: string, candidate: Candidate): NBestList | undefined {
    const before = id === this.#id ? undefined : this.#turn(id);
    this.#candidates.push(candidate);
    return before;
  }

  /** Begins the list of an id. @returns the list before it, if there is one. */
  #turn(id: string | undefined): NBestList | undefined {
    const before = this.#id === undefined ? undefined : { id: this.#id, candidates: this.#candidates };
    this.#id = id;
    this.#candidates = [];
    return before;
  }

  #fault(what: string, cause?: unknown): KneserError {
    return new KneserError('KNESER_INPUT_NBEST', `${this.#file}, line ${this.#line}: ${what}`, { cause });
  }
}

/** The first score of a line of JSON that is too large for a double, as it stands there. */
function infiniteScore(line: string): string {
  for (const [, score] of line.matchAll(/"score"\s*:\s*(-?\d[\d.eE+-]*)/g))
    if (!Number.isFinite(Number(score))) return score;
  return 'Infinity';
}

/** The format of a file, by its first line; `undefined` for another file. */
function formatOf(line: string): NBestFormat | undefined {
  if (line.trimStart().startsWith('{')) return 'json';
  if (line.includes(' ||| ')) return 'moses';
  if (/^NBestList[12]/.test(line) || SRILM.test(line.trim())) return 'srilm';
  return undefined;
}
