import { trieBlockKey, trieKey } from '../store/keys.js';
import type { ModelWriter } from '../store/store.js';
import { TrieFirstRows } from './trie-directory.js';
import { TrieWriter } from './trie-writer.js';

/** Writes a trie table to a store: gives contexts to `writer`, calls `put` where there is time to wait, then `finish`. */
export class TrieOutput {
  readonly writer: TrieWriter;
  private readonly waiting: Uint8Array[] = [];
  private readonly firstRows = new TrieFirstRows();
  private blocks = 0;

  /** @param name the name of the table. */
  constructor(
    private readonly to: Pick<ModelWriter, 'put'>,
    private readonly name: string,
    isBackoff: boolean,
  ) {
    this.writer = new TrieWriter(block => {
      this.firstRows.add(block);
      this.waiting.push(block.value);
    }, isBackoff);
  }

  /** How many blocks wait to be put. */
  get blocksWaiting(): number {
    return this.waiting.length;
  }

  /** Puts the blocks that are complete. */
  async put(): Promise<void> {
    for (const value of this.waiting.splice(0)) await this.to.put(trieBlockKey(this.name, this.blocks++), value);
  }

  /** Puts the last blocks and the directory. */
  async finish(): Promise<void> {
    this.writer.flush();
    await this.put();
    await this.to.put(trieKey(this.name), this.firstRows.encode());
  }
}
