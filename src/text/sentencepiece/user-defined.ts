import { refuse } from '../subwords/refuse.js';
import { Trie } from '../subwords/trie.js';
import type { ModelFile } from './model-file.js';

/** The reference library tries at most this many user-defined pieces at one place of a text. */
const MOST_NESTED = 64;

/** Finds the user-defined pieces, which are cut out of the text before anything else: from left to right, at each place the longest. */
export class UserDefined {
  private readonly trie = new Trie();
  /** Uint8Array [65536] by UTF-16 unit: 1 if some user-defined piece begins with this unit. */
  private readonly begins = new Uint8Array(1 << 16);

  private constructor() {}

  /** @returns `undefined` if the model has no such piece. @throws KNESER_TOKENIZER if more than 64 are prefixes of one piece */
  static of({ pieces }: ModelFile): UserDefined | undefined {
    const found = new UserDefined();
    let count = 0;
    pieces.forEach(({ text, type }, id) => {
      if (type !== 'user-defined') return;
      found.trie.set(text, id);
      found.begins[text.charCodeAt(0)] = 1;
      count++;
    });
    if (count > MOST_NESTED) found.checkNesting(pieces.filter(({ type }) => type === 'user-defined'));
    return count > 0 ? found : undefined;
  }

  /** The length of the longest user-defined piece at an offset of a text, in UTF-16 units; 0 if there is none. */
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

  /** Gives the user-defined pieces of a text, by id, to `putPiece`, and the stretches between them to `putText`, in order. */
  split(text: string, putPiece: (id: number) => void, putText: (text: string) => void): void {
    let done = 0;
    for (let at = 0; at < text.length;) {
      const length = this.matchAt(text, at);
      if (length === 0) {
        at++;
        continue;
      }
      if (done < at) putText(text.slice(done, at));
      putPiece(this.idOf(text, at, at + length));
      at += length;
      done = at;
    }
    if (done < text.length) putText(done === 0 ? text : text.slice(done));
  }

  private idOf(text: string, from: number, to: number): number {
    let node = 0;
    for (let at = from; at < to; at++) node = this.trie.child(node, text.charCodeAt(at));
    return this.trie.valueAt(node);
  }

  /** Refuses a piece of which more than `MOST_NESTED` pieces, itself included, are prefixes. */
  private checkNesting(pieces: readonly { readonly text: string }[]): void {
    for (const { text } of pieces) {
      let nested = 0;
      let node = 0;
      for (let at = 0; at < text.length; at++) {
        node = this.trie.child(node, text.charCodeAt(at));
        if (this.trie.valueAt(node) >= 0) nested++;
      }
      if (nested > MOST_NESTED)
        refuse(`pieces: more than ${MOST_NESTED} user-defined pieces are prefixes of one piece`);
    }
  }
}
