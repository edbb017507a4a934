import { escapeMarkdown, markdownTable, paragraphs } from '../report/markdown.js';
import type { BaselineReport } from './report.js';
import { methodOf, summaryOf, tablesOf, titleOf } from './tables.js';

/** The report as a Markdown page. */
export function baselineMarkdown(report: BaselineReport): string {
  return (
    `# ${escapeMarkdown(titleOf(report))}\n\n${paragraphs([summaryOf(report), ...methodOf(report)])}` +
    `${tablesOf(report).map(markdownTable).join('')}${paragraphs(report.warnings.map(text => `Warning: ${text}`))}` +
    `Made by kneser ${report.version}.\n`
  );
}
