import type { Table } from './table.js';

/** A table in Markdown under its title. */
export function markdownTable({ title, head, rows, notes = [] }: Table): string {
  const cells = [head, ...rows].map(row => row.map(escapeMarkdown));
  const widths = head.map((_, column) => Math.max(3, ...cells.map(row => row[column].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join(' | ')} |\n`;
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : '-'.repeat(width - 1) + ':'));
  const [first, ...rest] = cells.map(line);
  return `## ${escapeMarkdown(title)}\n\n${first}${line(rule)}${rest.join('')}\n${paragraphs(notes)}`;
}

/** Texts in Markdown, each as a paragraph. */
export function paragraphs(texts: readonly string[]): string {
  return texts.map(text => `${escapeMarkdown(text)}\n\n`).join('');
}

/** Escapes text for Markdown. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_<>|]|\](?=[([])/g, '\\$&').replace(/\s+/g, ' ');
}
