/**
 * A trie that maps texts, by their UTF-16 units, to integers. A node is a number, the root is 0, and an open-addressing table holds the
 * edges:
 *
 *     key    (node * 65536 + unit) + 1, 0 where the slot is empty    Float64Array [slots]
 *     child  the node that the edge leads to                         Int32Array [slots]
 *     value  the value of the text that ends at a node, or -1        Int32Array [nodes]
 */
export class Trie {
  private keys = new Float64Array(1 << 10);
  private children = new Int32Array(1 << 10);
  private values = new Int32Array(1 << 9).fill(-1);
  private nodes = 1;

  /** Adds a text, or replaces its value. @param value an integer from 0. */
  set(text: string, value: number): void {
    let node = 0;
    for (let i = 0; i < text.length; i++) node = this.childOrNew(node, text.charCodeAt(i));
    this.values[node] = value;
  }

  /** The child of `node` for a UTF-16 unit; 0 if it has none. */
  child(node: number, unit: number): number {
    const key = node * 65536 + unit + 1;
    const mask = this.keys.length - 1;
    for (let slot = slotOf(node, unit, mask); this.keys[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.keys[slot] === key) return this.children[slot];
    }
    return 0;
  }

  /** The value of the text that ends at a node, or -1. */
  valueAt(node: number): number {
    return this.values[node];
  }

  private childOrNew(node: number, unit: number): number {
    const found = this.child(node, unit);
    if (found !== 0) return found;
    if (this.nodes * 2 > this.keys.length) this.grow();
    if (this.nodes === this.values.length) {
      const values = new Int32Array(this.nodes * 2).fill(-1);
      values.set(this.values);
      this.values = values;
    }
    this.insert(node, unit, this.nodes);
    return this.nodes++;
  }

  private insert(node: number, unit: number, child: number): void {
    const mask = this.keys.length - 1;
    let slot = slotOf(node, unit, mask);
    while (this.keys[slot] !== 0) slot = (slot + 1) & mask;
    this.keys[slot] = node * 65536 + unit + 1;
    this.children[slot] = child;
  }

  private grow(): void {
    const { keys, children } = this;
    this.keys = new Float64Array(keys.length * 2);
    this.children = new Int32Array(keys.length * 2);
    for (let slot = 0; slot < keys.length; slot++) {
      if (keys[slot] === 0) continue;
      const key = keys[slot] - 1;
      this.insert(Math.floor(key / 65536), key % 65536, children[slot]);
    }
  }
}

function slotOf(node: number, unit: number, mask: number): number {
  const hash = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
  return (hash ^ (hash >>> 15)) & mask;
}
