import type { ModelParts } from '../scoring/parts.js';

/** Letters that the caller wants tokens to have, as the model reads texts: in its Unicode normalisation, and in its case. */
export function lettersOf(text: string, { tokenization, manifest }: ModelParts): string {
  const normalized = tokenization.normalized(text);
  return manifest.options.lowercase ? normalized.toLowerCase() : normalized;
}

/** Whether the text of tokens begins with letters. A space before the text need not be among them. */
export function beginsWith(text: string, letters: string): boolean {
  return text.startsWith(letters) || text.startsWith(` ${letters}`);
}

/** Whether a longer text of the same tokens could begin with letters. */
export function mayBeginWith(text: string, letters: string): boolean {
  return beginsWith(text, letters) || letters.startsWith(text) || ` ${letters}`.startsWith(text);
}

/** Whether the text of tokens ends with letters. A space that a tokenizer puts behind a word need not be among them. */
export function endsIn(text: string, letters: string): boolean {
  return text.endsWith(letters) || text.endsWith(`${letters} `);
}
