/** The element of the page with this id. @throws Error if there is none, or if it is not a `Kind`. */
export function byId(id: string): HTMLElement;
export function byId<T extends HTMLElement>(id: string, Kind: new () => T): T;
export function byId(id: string, Kind: new () => HTMLElement = HTMLElement): HTMLElement {
  const found = document.getElementById(id);
  if (found instanceof Kind) return found;
  throw new Error(`the page has no #${id}, or it is no ${Kind.name}`);
}

/** Makes an element. @param className its class; '' for none. @param children its content. */
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

/** Makes a button. @param label the name that screen readers read. @param act called on a click. */
export function button(text: string, label: string, act: () => void): HTMLButtonElement {
  const made = element('button', '', text);
  made.type = 'button';
  made.setAttribute('aria-label', label);
  made.addEventListener('click', act);
  return made;
}
