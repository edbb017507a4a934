import type { HeatScale } from '../../../src/report/heat.js';
import type { Reading } from '../protocol.js';
import { element } from './dom.js';
import { heatClass, SURPRISE, type Measure } from './heat.js';

/** The reading of the empty text. */
const NOTHING: Reading = {
  from: new Uint32Array(0),
  to: new Uint32Array(0),
  firstInSentence: new Uint32Array(0),
  perplexities: new Float64Array(0),
  log10Probs: new Float64Array(0),
  matched: new Uint8Array(0),
  oov: new Uint8Array(0),
};

/** A part of a line: a token, or the text between two tokens. */
interface Piece {
  readonly text: string;
  /** The CSS class of a token; `undefined` for text between tokens. */
  readonly heat: string | undefined;
  /** The figure under a token; empty for text between tokens. */
  readonly figure: string;
}

/** A line of the mirror. */
interface Line {
  readonly pieces: readonly Piece[];
  /** The index, in the reading, of the first token of the line. */
  readonly firstToken: number;
}

/**
 * A text area over a mirror of its text, which shows the colours of the tokens. Editing, undo, input methods and screen readers work as
 * in every text area. Offsets in the text are in UTF-16 code units; a token is named by its index in the reading.
 */
export class Editor {
  /** The scores of the tokens of `text`. Changed parts have no scores until the text is scored again. */
  private reading = NOTHING;
  /** The text that the mirror shows. */
  private text = '';
  private scale: HeatScale = { low: 1, high: 1000 };
  private measure = SURPRISE;
  /** The lines of the mirror. */
  private lines: Line[] = [];
  /** The outlined token. */
  private marked: Element | undefined;

  /**
   * @param onText called with the new text after each change by the user.
   * @param onCaret called when the caret or the selection has moved; `caret` is its offset.
   * @param onPointed called with the token under the mouse, or with `undefined` when the mouse leaves the area or is at no token.
   */
  constructor(
    readonly area: HTMLTextAreaElement,
    private readonly mirror: HTMLElement,
    onText: (text: string) => void,
    onCaret: () => void,
    onPointed: (token: number | undefined) => void,
  ) {
    area.addEventListener('input', () => {
      this.update(area.value);
      onText(area.value);
    });
    document.addEventListener('selectionchange', () => {
      if (document.activeElement === area) onCaret();
    });
    area.addEventListener('pointermove', event => onPointed(this.tokenAt(event.clientX, event.clientY)));
    area.addEventListener('pointerleave', () => onPointed(undefined));
  }

  /** The offset of the caret, or of the end of the selection. */
  get caret(): number {
    return this.area.selectionEnd;
  }

  /** Replaces the whole text. */
  setText(text: string): void {
    this.area.value = text;
    this.update(text);
  }

  /** Replaces the text from offset `from` to `to` as if by typing, so that the user can undo it. */
  insert(from: number, to: number, text: string): void {
    this.area.focus();
    this.area.setSelectionRange(from, to);
    // Browsers have no other command that keeps the history of changes for undo.
    // oxlint-disable-next-line typescript/no-deprecated
    if (!document.execCommand('insertText', false, text)) {
      this.area.setRangeText(text, from, to, 'end');
      this.area.dispatchEvent(new Event('input'));
    }
  }

  /** Shows the scores of `text`, unless it is no longer the text of the editor. */
  show(text: string, reading: Reading, scale: HeatScale): void {
    if (text !== this.text) return;
    this.reading = reading;
    this.scale = scale;
    this.draw();
  }

  /** The token that contains the caret or ends at the caret. */
  tokenAtCaret(): number | undefined {
    const { from, to } = this.reading;
    const { caret } = this;
    let found: number | undefined;
    for (let i = 0; i < from.length && from[i] <= caret; i++) if (to[i] >= caret) found ??= i;
    return found;
  }

  /** Chooses what the colours show. */
  setMeasure(measure: Measure): void {
    this.measure = measure;
    this.draw();
  }

  /** Outlines a token, and no other. */
  mark(token: number | undefined): void {
    this.marked?.classList.remove('on');
    this.marked = token === undefined ? undefined : this.spanOf(token);
    this.marked?.classList.add('on');
  }

  /** Shows a changed text in the mirror. The tokens before and after the change keep their colours until the text is scored again. */
  private update(text: string): void {
    const old = this.text;
    if (text === old) return;
    const shorter = Math.min(old.length, text.length);
    let before = 0;
    while (before < shorter && old[before] === text[before]) before++;
    let after = 0;
    while (after < shorter - before && old[old.length - 1 - after] === text[text.length - 1 - after]) after++;
    const { from, to, firstInSentence, perplexities, log10Probs, matched, oov } = this.reading;
    const unchanged: number[] = [];
    for (let i = 0; i < from.length; i++) if (to[i] <= before || from[i] >= old.length - after) unchanged.push(i);
    const moved = (offsets: Uint32Array): Uint32Array =>
      Uint32Array.from(unchanged, i => (to[i] <= before ? offsets[i] : offsets[i] + text.length - old.length));
    const pick = <T extends Float64Array | Uint8Array | Uint32Array>(
      array: T,
      Kind: { from(values: Iterable<number>): T },
    ): T => Kind.from(unchanged.map(i => array[i]));
    this.reading = {
      from: moved(from),
      to: moved(to),
      firstInSentence: pick(firstInSentence, Uint32Array),
      perplexities: pick(perplexities, Float64Array),
      log10Probs: pick(log10Probs, Float64Array),
      matched: pick(matched, Uint8Array),
      oov: pick(oov, Uint8Array),
    };
    this.text = text;
    this.draw();
  }

  /** Redraws the lines that have changed. */
  private draw(): void {
    const lines = this.layOut();
    for (const [i, { pieces }] of lines.entries()) {
      const row = this.mirror.children.item(i) ?? this.mirror.appendChild(element('div', ''));
      redraw(row, this.lines[i]?.pieces ?? [], pieces);
    }
    while (this.mirror.children.length > lines.length) this.mirror.lastElementChild?.remove();
    this.lines = lines;
  }

  /** Divides the text into lines, and each line into tokens and the text between them. */
  private layOut(): Line[] {
    const { text, scale, measure, reading } = this;
    const { from, to, oov } = reading;
    const lines: Line[] = [];
    let token = 0;
    let at = 0;
    for (const line of text.split('\n')) {
      const end = at + line.length;
      const firstToken = token;
      const pieces: Piece[] = [];
      const pushTextUpTo = (stop: number): void => {
        if (stop > at) pieces.push({ text: text.slice(at, stop), heat: undefined, figure: '' });
      };
      for (; token < from.length && from[token] < end; token++) {
        pushTextUpTo(from[token]);
        const perplexity = measure.of(reading, token);
        const heat = heatClass(perplexity, scale) + (oov[token] ? ' new' : '');
        pieces.push({ text: text.slice(from[token], to[token]), heat, figure: measure.brief(perplexity) });
        at = to[token];
      }
      pushTextUpTo(end);
      lines.push({ pieces, firstToken });
      at = end + 1;
    }
    return lines;
  }

  /** The element of a token in the mirror. */
  private spanOf(token: number): Element | undefined {
    const line = this.lines.findLastIndex(({ firstToken }) => firstToken <= token);
    return this.mirror.children.item(line)?.children.item(token - this.lines[line].firstToken) ?? undefined;
  }

  /** The token at a point of the window [CSS pixels]. */
  private tokenAt(x: number, y: number): number | undefined {
    const span = document.elementsFromPoint(x, y).find(each => each.parentElement?.parentElement === this.mirror);
    const row = span?.parentElement;
    if (!span || !row) return undefined;
    const line = this.lines.at(Array.from(this.mirror.children).indexOf(row));
    return line && line.firstToken + Array.from(row.children).indexOf(span);
  }
}

/** Updates the nodes of a line of the mirror from its `old` pieces to its new ones. Leaves equal pieces at both ends unchanged. */
function redraw(row: Element, old: readonly Piece[], pieces: readonly Piece[]): void {
  const shorter = Math.min(old.length, pieces.length);
  let before = 0;
  while (before < shorter && same(old[before], pieces[before])) before++;
  let after = 0;
  while (after < shorter - before && same(old[old.length - 1 - after], pieces[pieces.length - 1 - after])) after++;
  for (let i = old.length - after; i > before; i--) row.childNodes.item(before).remove();
  const next = row.childNodes.item(before) as ChildNode | null;
  const nodes = pieces.slice(before, pieces.length - after).map(nodeOf);
  if (next) next.before(...nodes);
  else row.append(...nodes);
}

function same(a: Piece, b: Piece): boolean {
  return a.text === b.text && a.heat === b.heat && a.figure === b.figure;
}

function nodeOf({ text, heat, figure }: Piece): Node {
  if (heat === undefined) return document.createTextNode(text);
  const span = element('span', heat, text);
  span.dataset['value'] = figure;
  return span;
}
