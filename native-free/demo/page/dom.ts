/** The element of the page with this id. @throws for an element of another kind. */
export function byId(id: string): HTMLElement;
export function byId<T extends HTMLElement>(id: string, Kind: new () => T): T;
export function byId(id: string, Kind: new () => HTMLElement = HTMLElement): HTMLElement {
  const found = document.getElementById(id);
  if (found instanceof Kind) return found;
  throw new Error(`the page has no #${id}, or it is no ${Kind.name}`);
}

/** A new element with a class and its content. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A button. @param label read by screen readers. @param act called on a click. */
export function button(text: string, label: string, act: () => void): HTMLButtonElement {
  const made = element('button', '', text);
  made.type = 'button';
  made.setAttribute('aria-label', label);
  made.addEventListener('click', act);
  return made;
}
