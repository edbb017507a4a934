import { byteOf } from '../subwords/model.js';
import type { ModelFile } from './model-file.js';

const MARK = '▁';
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Makes the function that joins pieces to a text, as PyPI's `sentencepiece` decodes them: marks become spaces, except the mark that was put before
 * the text, and bytes become characters. Each invalid sequence of bytes becomes one U+FFFD.
 */
export function createJoin({ fallsBack, normalizer }: ModelFile): (tokens: readonly string[]) => string {
  const { addsMark, removesExtraSpace } = normalizer;
  return tokens => {
    let text = '';
    let run: number[] = [];
    let stripsMark = addsMark || removesExtraSpace;
    const endRun = (): void => {
      if (run.length > 0) text += decoder.decode(Uint8Array.from(run));
      run = [];
    };
    for (const token of tokens) {
      const byte = fallsBack ? byteOf(token) : -1;
      if (byte >= 0) {
        run.push(byte);
        continue;
      }
      endRun();
      if (text !== '') stripsMark = false;
      const isMarked = stripsMark && token.startsWith(MARK);
      text += (isMarked ? token.slice(1) : token).replaceAll(MARK, ' ');
      // Without `removesExtraSpace`, only one mark was added to the text.
      if (isMarked && !removesExtraSpace) stripsMark = false;
    }
    endRun();
    return text;
  };
}
