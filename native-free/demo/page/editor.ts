import { readable, type HeatScale } from '../../../src/report/heat.js';
import type { Reading } from '../protocol.js';
import { element } from './dom.js';
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

/** A line of the mirror: what it shows, and the place of its first token. */
interface Line {
  readonly shown: string;
  readonly first: number;
}

/**
 * A text area over a mirror of its text, which carries the colours: editing, undo, input methods and screen readers work as
 * in every text area.
 */
export class Editor {
  private reading = NOTHING;
  private text = '';
  private scale: HeatScale = { low: 1, high: 1000 };
  private lines: Line[] = [];
  private marked: Element | undefined;

  /**
   * @param onText told after each change of the text.
   * @param onCaret told where the caret is, whenever it or the text has changed.
   * @param onPointed told the token that is pointed at, or `undefined`.
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

  /** Where the caret is, or the end of what is selected. */
  get caret(): number {
    return this.area.selectionEnd;
  }

  /** Puts a text in place of all. */
  setText(text: string): void {
    this.area.value = text;
    this.follow(text);
  }

  /** Puts text in place of a part, as if it was typed: it can be undone. */
  insert(from: number, to: number, text: string): void {
    this.area.focus();
    this.area.setSelectionRange(from, to);
    // Nothing else that browsers have keeps the history of changes.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    if (!document.execCommand('insertText', false, text)) {
      this.area.setRangeText(text, from, to, 'end');
      this.area.dispatchEvent(new Event('input'));
    }
  }

  /** Shows what was read, unless the text has changed since. */
  show(text: string, reading: Reading, scale: HeatScale): void {
    if (text !== this.text) return;
    this.reading = reading;
    this.scale = scale;
    this.draw();
  }

  /** The token that the caret is in, or just after. */
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

  /** Takes the colours along to the changed text until it is read: those around the change stay. */
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
    const pick = <T extends Float64Array | Uint8Array | Uint32Array>(array: T, Kind: { from(of: Iterable<number>): T }): T =>
      Kind.from(kept.map(i => array[i]));
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

  /** Redraws the lines that look different now. */
  private draw(): void {
    const { from, to, values, oov } = this.reading;
    const lines: Line[] = [];
    let token = 0;
    let at = 0;
    for (const line of this.text.split('\n')) {
      const end = at + line.length;
      const first = token;
      let shown = line;
      const parts: (Node | string)[] = [];
      let done = at;
      for (; token < from.length && from[token] < end; token++) {
        const heat = heatClass(values[token], this.scale);
        const value = readable(values[token]);
        shown += `\n${from[token] - at} ${to[token] - at} ${heat} ${value} ${oov[token]}`;
        parts.push(this.text.slice(done, from[token]));
        const span = element('span', oov[token] ? `${heat} new` : heat, this.text.slice(from[token], to[token]));
        span.dataset['value'] = value;
        parts.push(span);
        done = to[token];
      }
      const index = lines.length;
      if (this.lines[index]?.shown !== shown) {
        parts.push(this.text.slice(done, end));
        const row = element('div', '', ...parts);
        const old = this.mirror.children.item(index);
        if (old) old.replaceWith(row);
        else this.mirror.append(row);
      }
      lines.push({ shown, first });
      at = end + 1;
    }
    while (this.mirror.children.length > lines.length) this.mirror.lastElementChild?.remove();
    this.lines = lines;
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
