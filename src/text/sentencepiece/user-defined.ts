import { refuse } from '../subwords/refuse.js';
import { Trie } from '../subwords/trie.js';
import type { ModelFile } from './model-file.js';

/** The reference library tries at most this many user-defined pieces at one place of a text. */
const MOST_NESTED = 64;

/** User-defined pieces: cut out of the text before anything else, from left to right, the longest one at each place. */
export class UserDefined {
  private readonly trie = new Trie();
  /** Uint8Array [65536], by UTF-16 code unit: 1 if some user-defined piece begins with this unit. */
  private readonly begins = new Uint8Array(1 << 16);

  private constructor() {}

  /** @returns `undefined` if the model has no such piece. @throws KNESER_TOKENIZER if more than 64 are prefixes of one piece */
  static of({ pieces }: ModelFile): UserDefined | undefined {
    const found = new UserDefined();
    let count = 0;
    pieces.forEach(({ text, type }, number) => {
      if (type !== 'user-defined') return;
      found.trie.set(text, number);
      found.begins[text.charCodeAt(0)] = 1;
      count++;
    });
    if (count > MOST_NESTED) found.checkNesting(pieces.filter(({ type }) => type === 'user-defined'));
    return count > 0 ? found : undefined;
  }

  /** The length of the longest piece at a place of a text, in UTF-16 units; 0 if there is none. */
  matchAt(text: string, at: number): number {
    if (this.begins[text.charCodeAt(at)] === 0) return 0;
    let length = 0;
    for (let node = 0, to = at; to < text.length;) {
      node = this.trie.child(node, text.charCodeAt(to++));
      if (node === 0) break;
      if (this.trie.valueAt(node) >= 0) length = to - at;
    }
    return length;
  }

  /** Gives the user-defined pieces of a text by their numbers, and the texts between them. */
  split(text: string, ofNumber: (number: number) => void, between: (piece: string) => void): void {
    let done = 0;
    for (let at = 0; at < text.length;) {
      const length = this.matchAt(text, at);
      if (length === 0) {
        at++;
        continue;
      }
      if (done < at) between(text.slice(done, at));
      ofNumber(this.numberOf(text, at, at + length));
      at += length;
      done = at;
    }
    if (done < text.length) between(done === 0 ? text : text.slice(done));
  }

  private numberOf(text: string, from: number, to: number): number {
    let node = 0;
    for (let at = from; at < to; at++) node = this.trie.child(node, text.charCodeAt(at));
    return this.trie.valueAt(node);
  }

  private checkNesting(pieces: readonly { readonly text: string }[]): void {
    for (const { text } of pieces) {
      let nested = 0;
      let node = 0;
      for (let at = 0; at < text.length; at++) {
        node = this.trie.child(node, text.charCodeAt(at));
        if (this.trie.valueAt(node) >= 0) nested++;
      }
      if (nested > MOST_NESTED) refuse(`pieces: more than ${MOST_NESTED} user-defined pieces begin with each other`);
    }
  }
}
