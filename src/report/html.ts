import type { Table } from './table.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes a text for the content of HTML elements and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character]);
}

/** A text as an HTML paragraph. */
export function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>\n`;
}

/** A table in HTML under its title. A table that is wider than the page scrolls sideways. */
export function htmlTable({ title, head, rows, notes = [] }: Table): string {
  const cells = (row: readonly string[]): string =>
    row
      .map((text, i) => (i === 0 ? `<th scope="row">${escapeHtml(text)}</th>` : `<td>${escapeHtml(text)}</td>`))
      .join('');
  return (
    `<section>\n<h2>${escapeHtml(title)}</h2>\n<div class="wide"><table>\n` +
    `<thead><tr>${head.map(text => `<th scope="col">${escapeHtml(text)}</th>`).join('')}</tr></thead>\n` +
    `<tbody>\n${rows.map(row => `<tr>${cells(row)}</tr>\n`).join('')}</tbody>\n</table></div>\n` +
    `${notes.map(note => `<p class="note">${escapeHtml(note)}</p>\n`).join('')}</section>\n`
  );
}

/** The style of all pages: light or dark like the reader's system, in one column of any width. */
const STYLE = `
:root { color-scheme: light dark; --text: #1d2329; --soft: #5b6570; --line: #d9dee3; --ground: #fff; --raised: #f5f7f9;
  --first: #b4530a; --second: #0b63b5; --third: #6b7280; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e8ec; --soft: #9aa5b1; --line: #343b43; --ground: #14181c;
  --raised: #1d2329; --first: #f0a35e; --second: #6cb2f5; --third: #a8b0ba; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem 4rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; }
p { margin: .4rem 0; max-width: 44rem; }
.lead { font-size: 1.1rem; }
.note { color: var(--soft); font-size: .875rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; padding-left: 0; }
tbody th { font-weight: 600; }
thead th { color: var(--soft); font-weight: 500; }
tbody tr:hover { background: var(--raised); }
figure { margin: 1.5rem 0 0; }
figcaption { color: var(--soft); font-size: .875rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
@media (max-width: 30rem) { h1 { font-size: 1.35rem; } tbody th { white-space: normal; }
  th:first-child { position: sticky; left: 0; background: var(--ground); } svg text { font-size: 15px; } }
`;

/** A self-contained HTML page. @param body HTML. @param style CSS rules to add to the style of all pages. */
export function htmlPage(title: string, body: string, style = ''): string {
  return (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n' +
    `<title>${escapeHtml(title)}</title>\n<style>${STYLE}${style}</style>\n</head>\n<body>\n${body}</body>\n</html>\n`
  );
}
