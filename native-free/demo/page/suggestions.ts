import type { Suggestion, Suggestions } from '../protocol.js';
import { byId, element } from './dom.js';
import { percent } from './figures.js';

/** At most this many patterns of a suggestion have a row of their own; the others share one row. */
const MOST_VOTES = 6;
/** A pattern with a smaller share of the probability of a suggestion has no row of its own. */
const LEAST_SHARE = 0.005;

/**
 * The list of likely next words. Also shows the patterns that give one of
 * them its probability: the word under the mouse, else the active word, else the first.
 */
export class SuggestionList {
  private readonly list = byId('suggestions');
  private readonly nothing = byId('nothing');
  private readonly title = byId('next-title');
  private suggestions: Suggestions | undefined;
  /** Index of the suggestion that the user has reached with the arrow keys; −1 while keys edit the text. */
  private active = -1;
  /** Index of the suggestion under the mouse, or −1. */
  private pointed = -1;

  /** @param onTake called with the suggestion that the user takes, and the suggestions of which it is one. */
  constructor(
    private readonly area: HTMLTextAreaElement,
    private readonly onTake: (suggestion: Suggestion, suggestions: Suggestions) => void,
  ) {
    area.addEventListener('keydown', event => {
      if (this.key(event)) event.preventDefault();
    });
    area.addEventListener('blur', () => this.activate(-1));
    this.list.addEventListener('pointermove', event => this.point(this.optionOf(event.target)));
    this.list.addEventListener('pointerleave', () => this.point(-1));
    // A click on the list must not take the keyboard focus from the text.
    this.list.addEventListener('pointerdown', event => event.preventDefault());
    this.list.addEventListener('click', event => this.take(this.optionOf(event.target)));
  }

  show(suggestions: Suggestions): void {
    this.suggestions = suggestions;
    const { items } = suggestions;
    this.title.replaceChildren(...heading(suggestions));
    this.list.hidden = items.length === 0;
    this.nothing.hidden = items.length > 0;
    if (items.length === 0) {
      this.nothing.textContent = 'Nothing comes to mind here.';
    }
    const widest = items[0]?.probability ?? 1;
    this.list.replaceChildren(...items.map((item, i) => option(item, i, widest)));
    this.active = Math.min(this.active, items.length - 1);
    this.pointed = -1;
    this.update();
  }

  /** Handles a key. @returns whether the list has used it. */
  private key(event: KeyboardEvent): boolean {
    const count = this.suggestions?.items.length ?? 0;
    if (event.ctrlKey || event.metaKey || event.isComposing || count === 0) return false;
    if (this.active < 0) {
      const { selectionStart, selectionEnd, value } = this.area;
      const atEnd = selectionStart === selectionEnd && selectionEnd === value.length;
      if (event.key !== 'ArrowDown' || event.shiftKey || !(event.altKey || atEnd)) return false;
      this.activate(0);
      return true;
    }
    switch (event.key) {
      case 'ArrowDown':
        this.activate((this.active + 1) % count);
        return true;
      case 'ArrowUp':
        this.activate(this.active - 1);
        return true;
      case 'Home':
        this.activate(0);
        return true;
      case 'End':
        this.activate(count - 1);
        return true;
      case 'Escape':
        this.activate(-1);
        return true;
      case 'Enter':
      case 'Tab':
        if (event.shiftKey) return false;
        this.take(this.active);
        return true;
      default:
        return false;
    }
  }

  private take(index: number): void {
    const item = this.suggestions?.items[index];
    if (!this.suggestions || !item) return;
    // If the user was in the list, the first suggestion after the taken word becomes active.
    this.active = Math.min(this.active, 0);
    this.onTake(item, this.suggestions);
  }

  private activate(index: number): void {
    this.active = index;
    this.update();
    this.list.children.item(index)?.scrollIntoView({ block: 'nearest' });
  }

  private point(index: number): void {
    if (index === this.pointed) return;
    this.pointed = index;
    this.update();
  }

  private update(): void {
    const { active, pointed } = this;
    const shown = Math.max(0, pointed >= 0 ? pointed : active);
    Array.from(this.list.children).forEach((each, i) => {
      each.setAttribute('aria-selected', String(i === active));
      each.classList.toggle('seen', i === shown);
    });
    if (active >= 0) this.area.setAttribute('aria-activedescendant', `option-${active}`);
    else this.area.removeAttribute('aria-activedescendant');
    this.area.classList.toggle('away', active >= 0);
    showVotes(this.suggestions?.items[shown]);
  }

  private optionOf(target: EventTarget | null): number {
    const found = target instanceof Element ? target.closest('[role=option]') : null;
    return found ? Array.from(this.list.children).indexOf(found) : -1;
  }
}

function heading({ context, partial, gap }: Suggestions): (Node | string)[] {
  if (gap) {
    const end = gap.after.length > 0 ? element('q', '', gap.after.join(' ')) : 'the end';
    return ['Between ', context.length > 0 ? element('q', '', context.join(' ')) : 'the start', ' and ', end];
  }
  if (partial) return ['Words that begin with ', element('q', '', partial)];
  if (context.length === 0) return ['First word of a sentence'];
  return ['Next word after ', element('q', '', context.join(' '))];
}

/** The token as the page shows it. */
export function tokenName(token: string): string {
  return token === '</s>' ? 'end of sentence' : token;
}

function option({ token, probability }: Suggestion, index: number, widest: number): HTMLElement {
  const name = element('span', token === '</s>' ? 'token end' : 'token', tokenName(token));
  const bar = element('span', 'bar', fill(probability / widest));
  const made = element('li', '', name, bar, element('span', 'figures', percent(probability)));
  made.id = `option-${index}`;
  made.setAttribute('role', 'option');
  return made;
}

function fill(share: number): HTMLElement {
  const made = element('i', '');
  made.style.width = `${100 * share}%`;
  return made;
}

function showVotes(suggestion: Suggestion | undefined): void {
  byId('votes').hidden = !suggestion || suggestion.votes.length === 0;
  if (!suggestion) return;
  const { token, votes } = suggestion;
  byId('votes-title').replaceChildren('What voted for ', element('q', '', tokenName(token)));
  const shown = votes.slice(0, MOST_VOTES).filter(({ share }) => share >= LEAST_SHARE);
  const rest = Math.max(0, 1 - shown.reduce((sum, { share }) => sum + share, 0));
  const rows = shown.map(({ pattern, words, share }) => {
    const context = words.flatMap(word => [' ', word === undefined ? element('span', 'skipped', '_') : word]).slice(1);
    const seen = context.length > 0 ? context : [element('span', 'soft', 'how common it is')];
    return row(element('code', '', pattern), seen, share);
  });
  if (rest >= LEAST_SHARE) rows.push(row('', [element('span', 'soft', 'everything else')], rest));
  byId('patterns').replaceChildren(...rows);
}

function row(pattern: Node | string, words: (Node | string)[], share: number): HTMLElement {
  const part = element('td', 'part', element('span', 'bar', fill(share)), element('span', 'figures', percent(share)));
  return element('tr', '', element('td', '', pattern), element('td', 'context', ...words), part);
}
