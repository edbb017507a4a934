import { readable, type HeatScale } from '../../../src/report/heat.js';
import type { Reading } from '../protocol.js';
import { byId, element } from './dom.js';
import { log10, whole } from './figures.js';
import { bits, HEAT_STEPS, SURPRISE, type Measure } from './heat.js';

/** Screen readers read the figures of the text after a pause in typing of this length [ms]. */
const PAUSE = 1200;

/** Shows figures below the text: of one word, of all words together, and of each word in a table. */
export class Words {
  private readonly word = byId('word');
  private readonly summary = byId('summary');
  private readonly announcement = byId('announcement');
  private readonly table = byId('table', HTMLDetailsElement);
  private readonly rows = byId('rows');
  private text = '';
  private reading: Reading | undefined;
  private pause: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.table.addEventListener('toggle', () => this.fillTable());
    byId('steps').append(...Array.from({ length: HEAT_STEPS }, (_, step) => element('i', `h${step}`)));
  }

  /** Shows the scale of the colours. */
  showScale({ low, high }: HeatScale, measure: Measure): void {
    byId('lowest').textContent = measure.lowest(low);
    byId('highest').textContent = measure.highest(high);
  }

  show(text: string, reading: Reading): void {
    this.text = text;
    this.reading = reading;
    const summary = this.summarise();
    this.summary.textContent = summary;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => {
      this.announcement.textContent = summary;
    }, PAUSE);
    this.fillTable();
  }

  /** Shows the figures of a token; without a token, a hint. */
  tell(token: number | undefined): void {
    const { reading } = this;
    if (!reading || token === undefined || token >= reading.from.length) {
      this.word.replaceChildren('Point at a word, or move the cursor to it.');
      return;
    }
    this.word.replaceChildren(
      element('b', '', this.token(token)),
      ` surprise ${this.surprise(token)} bits · n-gram perplexity ${readable(reading.perplexities[token])} · ${this.match(token)}`,
    );
  }

  /** −log2 p of a token [bits]. */
  private surprise(token: number): string {
    return this.reading ? bits(SURPRISE.of(this.reading, token)) : '';
  }

  private token(index: number): string {
    const { from, to } = this.reading ?? { from: [], to: [] };
    return this.text.slice(from[index], to[index]);
  }

  /** The n-gram that matched at a token, in words. */
  private match(token: number): string {
    if (!this.reading) return '';
    const { matched, oov, firstInSentence } = this.reading;
    if (oov[token]) return 'new to the model';
    const ngram: string[] = [];
    for (let i = Math.max(firstInSentence[token], token + 1 - matched[token]); i <= token; i++)
      ngram.push(this.token(i));
    if (ngram.length < matched[token]) ngram.unshift('(start)');
    return matched[token] === 1
      ? 'known, but not after these words'
      : `matched ${matched[token]} words: ${ngram.join(' ')}`;
  }

  private summarise(): string {
    const { from, log10Probs, oov } = this.reading ?? {};
    if (!from || !log10Probs || !oov || from.length === 0) return '';
    const perplexity = 10 ** (-log10Probs.reduce((sum, value) => sum + value, 0) / from.length);
    const lowest = log10Probs.reduce((best, value, i) => (value < log10Probs[best] ? i : best), 0);
    const unknown = oov.reduce((sum, flag) => sum + flag, 0);
    const words = from.length === 1 ? '1 token' : `${whole(from.length)} tokens`;
    return (
      `Perplexity ${readable(perplexity)} over ${words}` +
      (unknown > 0 ? `, ${whole(unknown)} of them new to the model` : '') +
      `. Most surprising: “${this.token(lowest)}”, ${this.surprise(lowest)} bits.`
    );
  }

  private fillTable(): void {
    if (!this.table.open || !this.reading) return;
    const { from, perplexities, log10Probs } = this.reading;
    const rows = Array.from(from, (_, i) => {
      const word = element('th', '', this.token(i));
      word.scope = 'row';
      const cells = [this.surprise(i), readable(perplexities[i]), log10(log10Probs[i]), this.match(i)];
      return element('tr', '', word, ...cells.map(text => element('td', '', text)));
    });
    this.rows.replaceChildren(...rows);
  }
}
