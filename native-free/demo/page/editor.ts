import type { HeatScale } from '../../../src/report/heat.js';
import type { Reading } from '../protocol.js';
import { element } from './dom.js';
import { brief } from './figures.js';
import { heatClass } from './heat.js';

const NOTHING: Reading = {
  from: new Uint32Array(0),
  to: new Uint32Array(0),
  first: new Uint32Array(0),
  values: new Float64Array(0),
  log10Probs: new Float64Array(0),
  matched: new Uint8Array(0),
  oov: new Uint8Array(0),
};

/** A part of a line: a token, or the text between two tokens. */
interface Piece {
  readonly text: string;
  /** The CSS class of a token. */
  readonly heat: string | undefined;
  readonly value: number;
}

/** A line of the mirror, and the index of its first token. */
interface Line {
  readonly pieces: readonly Piece[];
  readonly first: number;
}

/**
 * A text area over a mirror of its text; the mirror has the colours. Editing, undo, input methods and screen readers work
 * as in every text area.
 */
export class Editor {
  private reading = NOTHING;
  private text = '';
  private scale: HeatScale = { low: 1, high: 1000 };
  private lines: Line[] = [];
  private marked: Element | undefined;

  /**
   * @param onText called after each change of the text.
   * @param onCaret called with the caret's place when the caret or the text has changed.
   * @param onPointed called with the token under the mouse, or `undefined`.
   */
  constructor(
    readonly area: HTMLTextAreaElement,
    private readonly mirror: HTMLElement,
    onText: (text: string) => void,
    onCaret: () => void,
    onPointed: (token: number | undefined) => void,
  ) {
    area.addEventListener('input', () => {
      this.follow(area.value);
      onText(area.value);
    });
    document.addEventListener('selectionchange', () => {
      if (document.activeElement === area) onCaret();
    });
    area.addEventListener('pointermove', event => onPointed(this.tokenAt(event.clientX, event.clientY)));
    area.addEventListener('pointerleave', () => onPointed(undefined));
  }

  /** The place of the caret, or the end of the selection. */
  get caret(): number {
    return this.area.selectionEnd;
  }

  /** Replaces the whole text. */
  setText(text: string): void {
    this.area.value = text;
    this.follow(text);
  }

  /** Replaces a part of the text as if by typing, so that it can be undone. */
  insert(from: number, to: number, text: string): void {
    this.area.focus();
    this.area.setSelectionRange(from, to);
    // Browsers have no other command that keeps the history of changes for undo.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    if (!document.execCommand('insertText', false, text)) {
      this.area.setRangeText(text, from, to, 'end');
      this.area.dispatchEvent(new Event('input'));
    }
  }

  /** Shows the scores of a text, unless the text has changed since it was scored. */
  show(text: string, reading: Reading, scale: HeatScale): void {
    if (text !== this.text) return;
    this.reading = reading;
    this.scale = scale;
    this.draw();
  }

  /** The token that contains the caret, or ends at it. */
  tokenAtCaret(): number | undefined {
    const { from, to } = this.reading;
    const { caret } = this;
    let found: number | undefined;
    for (let i = 0; i < from.length && from[i] <= caret; i++) if (to[i] >= caret) found ??= i;
    return found;
  }

  /** Outlines a token. */
  mark(token: number | undefined): void {
    this.marked?.classList.remove('on');
    this.marked = token === undefined ? undefined : this.spanOf(token);
    this.marked?.classList.add('on');
  }

  /** Keeps the colours of unchanged tokens, before and after the change, until the changed text is scored. */
  private follow(text: string): void {
    const old = this.text;
    if (text === old) return;
    const shorter = Math.min(old.length, text.length);
    let before = 0;
    while (before < shorter && old[before] === text[before]) before++;
    let after = 0;
    while (after < shorter - before && old[old.length - 1 - after] === text[text.length - 1 - after]) after++;
    const { from, to, first, values, log10Probs, matched, oov } = this.reading;
    const kept: number[] = [];
    for (let i = 0; i < from.length; i++) if (to[i] <= before || from[i] >= old.length - after) kept.push(i);
    const moved = (places: Uint32Array): Uint32Array =>
      Uint32Array.from(kept, i => (to[i] <= before ? places[i] : places[i] + text.length - old.length));
    const pick = <T extends Float64Array | Uint8Array | Uint32Array>(
      array: T,
      Kind: { from(of: Iterable<number>): T },
    ): T => Kind.from(kept.map(i => array[i]));
    this.reading = {
      from: moved(from),
      to: moved(to),
      first: pick(first, Uint32Array),
      values: pick(values, Float64Array),
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

  private layOut(): Line[] {
    const { text, scale } = this;
    const { from, to, values, oov } = this.reading;
    const lines: Line[] = [];
    let token = 0;
    let at = 0;
    for (const line of text.split('\n')) {
      const end = at + line.length;
      const first = token;
      const pieces: Piece[] = [];
      const between = (stop: number): void => {
        if (stop > at) pieces.push({ text: text.slice(at, stop), heat: undefined, value: 0 });
      };
      for (; token < from.length && from[token] < end; token++) {
        between(from[token]);
        const heat = heatClass(values[token], scale) + (oov[token] ? ' new' : '');
        pieces.push({ text: text.slice(from[token], to[token]), heat, value: values[token] });
        at = to[token];
      }
      between(end);
      lines.push({ pieces, first });
      at = end + 1;
    }
    return lines;
  }

  private spanOf(token: number): Element | undefined {
    const line = this.lines.findLastIndex(({ first }) => first <= token);
    return this.mirror.children.item(line)?.children.item(token - this.lines[line].first) ?? undefined;
  }

  private tokenAt(x: number, y: number): number | undefined {
    const span = document.elementsFromPoint(x, y).find(each => each.parentElement?.parentElement === this.mirror);
    const row = span?.parentElement;
    if (!span || !row) return undefined;
    const line = this.lines.at(Array.from(this.mirror.children).indexOf(row));
    return line && line.first + Array.from(row.children).indexOf(span);
  }
}

/** Replaces the nodes of a line that differ from its pieces. */
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
  return a.text === b.text && a.heat === b.heat && a.value === b.value;
}

function nodeOf({ text, heat, value }: Piece): Node {
  if (heat === undefined) return document.createTextNode(text);
  const span = element('span', heat, text);
  span.dataset['value'] = brief(value);
  return span;
}
