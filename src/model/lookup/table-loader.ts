import { KneserError } from '../../base/errors.js';
import type { ModelStore } from '../../store/store.js';
import { damaged, damagedTable } from '../../tables/damage.js';
import { BLOCKS_A_READ } from '../../tables/read-ahead.js';
import type { TrieDirectory } from '../../tables/trie-directory.js';
import { readTrieDirectory } from '../../tables/trie-reader.js';
import { BlockField, type BlockStart, type LoadingColumns, type LoadingTable } from './loading-table.js';
import { readTask, runLoadingTask, type LoadingResult, type LoadingTask } from './loading-task.js';
import { flatStep, LargeCounts, FLAT, lineStep, type TableMemory } from './regions.js';
import { canLoad, FIRST_LINE, linkedTables, linksAt, numbersOf, roomFor, shapeOf, SPARE } from './table-room.js';
import { loadRoot } from './root-loader.js';
import { tableMemory } from './table-memory.js';
import type { TablePart } from './table-part.js';

/** Does loading tasks: on this thread or on others. */
export interface LoadingRunner {
  /** How many tasks run at a time. */
  readonly count: number;
  /** The least number of blocks of a task, except the last task of a table. Default: as many as are read at once. */
  readonly blocks?: number | undefined;
  /** Does a task on blocks of `store`. */
  run(task: LoadingTask, store: ModelStore): Promise<LoadingResult>;
}

/** Does tasks on this thread. */
const ON_THIS_THREAD: LoadingRunner = {
  count: 1,
  run: async (task, store) => runLoadingTask(task, await readTask(store, task)),
};

/**
 * Reads all blocks of a stream's tables into memory, shorter contexts first. The regions of a table are laid out before the
 * rows of its context table are placed, because these rows link to the regions.
 *
 * @param words word ids are below this.
 * @param numbers gets the log10 p and back-offs of a back-off model.
 * @throws KNESER_DAMAGED, KNESER_LIMIT
 */
export async function loadTables(
  store: ModelStore,
  parts: readonly TablePart[],
  words: number,
  onRows: (rows: number) => void,
  numbers: Float64Array = new Float64Array(0),
  runner = ON_THIS_THREAD,
): Promise<TableMemory[]> {
  if (!canLoad(parts, words)) {
    throw new KneserError(
      'KNESER_LIMIT',
      `${store.name}: a table has too many n-grams to be loaded as a whole; score from blocks, with tables: 'page' (--tables page)`,
    );
  }
  const loader = new TableLoader(store, parts, words, onRows, numbers, runner);
  const memories: TableMemory[] = [];
  for (let index = 0; index < parts.length; index++) memories.push(await loader.load(index));
  return memories;
}

/** A table whose regions were laid out. */
interface LaidOut {
  readonly directory: TrieDirectory;
  readonly blockStarts: readonly BlockStart[];
  /** By block, the parents of its first and its last context. */
  readonly firstParents: readonly number[];
  readonly lastParents: readonly number[];
  /** Its links, its data and its columns. */
  readonly data: Uint32Array;
  readonly columns: Pick<LoadingColumns, 'links' | 'children' | 'farthest'>;
}

/** Loads the tables of a stream. */
class TableLoader {
  private readonly laidOut: (LaidOut | undefined)[] = [];
  /** By table, whether its layout began. */
  private readonly layouts: (Promise<void> | undefined)[] = [];
  /** By table, the columns that tables with this parent need. */
  private readonly columns: (Pick<LoadingColumns, 'starts' | 'words' | 'numbers'> | undefined)[] = [];

  constructor(
    private readonly store: ModelStore,
    private readonly parts: readonly TablePart[],
    private readonly words: number,
    private readonly onRows: (rows: number) => void,
    private readonly numbers: Float64Array,
    private readonly runner: LoadingRunner,
  ) {}

  /** Places the rows of a table, once the tables to which it links are laid out. */
  async load(index: number): Promise<TableMemory> {
    const links = linkedTables(this.parts, index);
    await this.layOutLinks(index);
    // The next tables are laid out meanwhile: a table of one context word keeps only one thread busy.
    const next = this.layOutLinks(index + 1);
    next.catch(() => undefined);
    try {
      return await this.loadRows(index, links);
    } finally {
      // Nothing reads the store any more when the loading fails.
      await next.catch(() => undefined);
    }
  }

  private async loadRows(index: number, links: readonly number[]): Promise<TableMemory> {
    const { parts, store } = this;
    const part = parts[index];
    const table = this.tableOf(index);
    const large = new LargeCounts();
    const place = this.numbersBefore(index);
    const linkedCounts =
      part.pattern.length === 0
        ? await loadRoot(store, part.manifest.pattern, table, place, this.onRows)
        : await this.place(index, table, large);
    for (const [link, linked] of links.entries()) {
      if (linkedCounts[link] !== parts[linked].manifest.contexts)
        throw damagedTable(store.name, part.manifest.pattern, 'a context of a longer table is no n-gram of this one');
    }
    this.drop(index);
    const { pattern, contextTable, parent, contextColumn, shift = 0 } = part;
    const { wordBits, data } = table;
    const { stride, lineShift, lineUnit, flatUnit } = table.shape;
    // Without spreads all tables have one hidden class: V8 searches members by name where a function meets more than four (look-ups took up to 1.3
    // times as long).
    return {
      pattern,
      contextTable,
      parent,
      contextColumn,
      shift,
      linksAt: table.linksAt,
      wordBits,
      data,
      large: large.values,
      stride,
      lineShift,
      lineUnit,
      flatUnit,
    };
  }

  /** Lays out the tables to which a table links. */
  private async layOutLinks(index: number): Promise<void> {
    for (const linked of linkedTables(this.parts, index)) {
      await (this.layouts[linked] ??= this.layOut(linked).then(laidOut => void (this.laidOut[linked] = laidOut)));
    }
  }

  /** Everything that tasks need to know of a table. */
  private tableOf(index: number): LoadingTable {
    const { parts, words, store, numbers } = this;
    const part = parts[index];
    const { contexts, rows, bare = 0, pattern: name } = part.manifest;
    const links = linkedTables(parts, index);
    const isParent = parts.some(({ parent }) => parent === index);
    const room = roomFor(part, words, links.length);
    const shape = shapeOf(linksAt(part) + links.length, room);
    const laidOut = this.laidOut[index];
    const column = (length: number): Uint32Array => new Uint32Array(tableMemory(4 * length));
    const columns = {
      starts: column(isParent ? contexts + 1 : 0),
      words: column(isParent ? rows + bare : 0),
      numbers: links.map(linked => column(parts.some(({ parent }) => parent === linked) ? rows + bare : 0)),
    };
    this.columns[index] = columns;
    const parent = this.columns[part.parent];
    return {
      name: `${store.name}: table ${name}`,
      shape,
      linksAt: linksAt(part),
      wordBits: 32 - Math.clz32(words - 1),
      words,
      isBackoff: part.manifest.bare !== undefined,
      isUnderRoot: parts.at(part.parent)?.pattern.length === 0 && part.pattern.length > 0,
      columns: { ...(laidOut?.columns ?? NO_COLUMNS), ...columns },
      parent: { starts: parent?.starts ?? NONE_OF_THEM, words: parent?.words ?? NONE_OF_THEM },
      linked: links.map(linked => ({
        isWhole: hasAll(parts[linked]),
        columns: this.laidOut[linked]?.columns ?? NO_COLUMNS,
        parentNumbers: parent?.numbers[this.parts[this.parts[linked].parent].contextColumn] ?? NONE_OF_THEM,
      })),
      data: laidOut?.data ?? new Uint32Array(tableMemory(4 * room)),
      numbers,
    };
  }

  /** Gives each context of a table its region. */
  private async layOut(index: number): Promise<LaidOut> {
    const { parts, words, store } = this;
    const part = parts[index];
    const { contexts, pattern: name } = part.manifest;
    const isUnderRoot = parts[part.parent].pattern.length === 0;
    const parents = parts[part.parent].manifest.contexts;
    const column = (length: number): Uint32Array => new Uint32Array(tableMemory(4 * length));
    const columns = {
      links: column(contexts + 1),
      children: column(isUnderRoot ? words : parents + 1),
      farthest: column(isUnderRoot || hasAll(part) ? 0 : contexts),
    };
    const stride = linksAt(part) + linkedTables(parts, index).length;
    const shape = shapeOf(stride, roomFor(part, words, stride - linksAt(part)));
    const table: LoadingTable = {
      ...BLANK,
      name: `${store.name}: table ${name}`,
      shape,
      words,
      isBackoff: part.manifest.bare !== undefined,
      isUnderRoot,
      columns: { ...NO_COLUMNS, ...columns },
    };
    const directory = await readTrieDirectory(store, name);
    const reckoner = new Reckoner(table, part, directory, this.numbersBefore(index), parents);
    await this.runAll(
      table,
      directory,
      () => true,
      undefined,
      result => reckoner.add(result.fields),
    );
    return { directory, columns, ...reckoner.end() };
  }

  /** Places all rows of a table. @returns by linked table, how many of its contexts were linked. */
  private async place(index: number, table: LoadingTable, large: LargeCounts): Promise<number[]> {
    const laidOut = this.laidOut[index];
    if (!laidOut) throw new Error('a table is loaded before its context table');
    const { directory, blockStarts, firstParents, lastParents } = laidOut;
    const { manifest } = this.parts[index];
    const linkedCounts = table.linked.map(() => 0);
    // Tasks begin with a context, and in a table with links with the first context of a parent.
    const begins = (block: number): boolean =>
      blockStarts[block].firstRow === 0 &&
      (table.linked.length === 0 || firstParents[block] !== lastParents[block - 1]);
    await this.runAll(table, directory, begins, blockStarts, (result, first, end) => {
      for (let i = 0; i < result.large.length; i += 2) large.add(result.large[i], result.large[i + 1]);
      result.linkedCounts.forEach((count, link) => (linkedCounts[link] += count));
      this.onRows((end < blockStarts.length ? blockStarts[end].rows : manifest.rows) - blockStarts[first].rows);
    });
    if (table.columns.starts.length > 0) table.columns.starts[manifest.contexts] = manifest.rows + (manifest.bare ?? 0);
    return linkedCounts;
  }

  /**
   * Runs tasks for all blocks of a table.
   *
   * @param begins whether a task may begin with a block.
   * @param onResult called for each task in order. `first` and `end` are its blocks.
   */
  private async runAll(
    table: LoadingTable,
    { parents }: TrieDirectory,
    begins: (block: number) => boolean,
    blockStarts: readonly BlockStart[] | undefined,
    onResult: (result: LoadingResult, first: number, end: number) => void,
  ): Promise<void> {
    const { store, runner } = this;
    const { length } = parents;
    const name = table.name.slice(`${store.name}: table `.length);
    const running: { result: Promise<LoadingResult>; first: number; end: number }[] = [];
    const finish = async (most: number): Promise<void> => {
      while (running.length > most) {
        const { result, first, end } = running[0];
        onResult(await result, first, end);
        running.shift();
        this.onRows(0);
      }
    };
    try {
      for (let first = 0, end = 0; first < length; first = end) {
        end = Math.min(length, first + (runner.blocks ?? BLOCKS_A_READ));
        while (end < length && !begins(end)) end++;
        const task = { table, name, first, end, blockStarts: blockStarts?.slice(first, end) };
        const result = runner.run(task, store);
        // Its failure is thrown where the result is awaited, or another failure is thrown before.
        result.catch(() => undefined);
        running.push({ result, first, end });
        await finish(2 * runner.count - 1);
      }
      await finish(0);
    } finally {
      // After a failure, nothing may read the store any more.
      await Promise.allSettled(running.map(({ result }) => result));
    }
  }

  /** How many numbers of a back-off model the tables before a table have. */
  private numbersBefore(index: number): number {
    return this.parts.slice(0, index).reduce((sum, part) => sum + numbersOf(part), 0);
  }

  /** Frees the columns that no table behind `index` needs. */
  private drop(index: number): void {
    for (const linked of linkedTables(this.parts, index)) {
      const laidOut = this.laidOut[linked];
      if (laidOut) this.laidOut[linked] = { ...laidOut, columns: NO_COLUMNS };
    }
    this.laidOut[index] = undefined;
    for (let table = 0; table <= index; table++) {
      if (!this.parts.some(({ parent }, later) => later > index && parent === table)) this.columns[table] = undefined;
    }
  }
}

/** Finds where the regions and rows of each block begin, from the fields of all blocks, in their order. */
class Reckoner {
  private readonly blockStarts: BlockStart[] = [];
  private readonly firstParents: number[] = [];
  private readonly lastParents: number[] = [];
  /** Contexts and rows so far. */
  private contexts = 0;
  private rows = 0;
  /** Line 0 stays empty. */
  private lines: number;
  private flat = 0;
  private numbers: number;
  /** Of the current wide context, its number of followers, and how many of them are in later blocks. */
  private followers = 0;
  private missing = 0;

  constructor(
    private readonly table: LoadingTable,
    private readonly part: TablePart,
    private readonly directory: TrieDirectory,
    numbers: number,
    private readonly parentContexts: number,
  ) {
    this.lines = 1 << table.shape.lineUnit;
    this.numbers = numbers;
  }

  add(fields: Uint32Array): void {
    for (let at = 0; at < fields.length; at += BlockField.count) this.addBlock(fields, at);
  }

  private addBlock(fields: Uint32Array, at: number): void {
    const { part, directory } = this;
    const { rows: rowCount, contexts: contextCount, bare = 0 } = part.manifest;
    const number = this.blockStarts.length;
    const name = `${this.table.name}, block ${number}`;
    const field = (index: number): number => fields[at + index];
    const firstParent = field(BlockField.firstParent);
    const isHere =
      firstParent === directory.parents[number] &&
      field(BlockField.firstWord) === directory.words[number] &&
      field(BlockField.firstRank) === directory.ranks[number];
    if (!isHere)
      throw new KneserError('KNESER_DAMAGED', `${name}: another block is in its place; the model is damaged`);
    const firstRow = field(BlockField.firstRow);
    const isPart = firstRow > 0;
    const contexts = isPart ? 0 : field(BlockField.contexts);
    const rows = field(BlockField.rows);
    const firstContext = field(BlockField.firstContext);
    const isNext = firstContext === this.contexts - (isPart ? 1 : 0) && isPart === this.missing > 0;
    if (!isNext || firstParent < (this.lastParents.at(-1) ?? 0))
      throw damaged(name, 'its contexts are not the next ones');
    if (this.contexts + contexts > contextCount || this.rows + rows > rowCount + bare)
      throw damaged(name, 'the table has more contexts or rows than the manifest says');
    const lastParent = field(BlockField.lastParent);
    if (lastParent >= this.parentContexts) throw damaged(name, 'a context has no parent');
    this.addPart(name, field(BlockField.wideFollowers), firstRow, rows);
    const { lines, flat, numbers } = this;
    const wideFollowers = field(BlockField.wideFollowers);
    this.blockStarts.push({
      firstContext,
      rows: this.rows,
      ownRows: rows,
      firstRow,
      wideFollowers,
      lines,
      flat,
      numbers,
    });
    this.enterChildren(this.lastParents.at(-1) ?? -1, firstParent, firstContext);
    this.firstParents.push(firstParent);
    this.lastParents.push(lastParent);
    this.contexts += contexts;
    this.rows += rows;
    this.lines += field(BlockField.lines);
    this.flat += field(BlockField.flat);
    this.numbers += contexts + field(BlockField.worded);
  }

  private addPart(name: string, wideFollowers: number, firstRow: number, rows: number): void {
    if (wideFollowers === 0) return;
    if (firstRow === 0) this.followers = this.missing = wideFollowers;
    if (wideFollowers !== this.followers || firstRow !== wideFollowers - this.missing)
      throw damaged(name, 'a wide context has other totals than before');
    if (rows > this.missing) throw damaged(name, 'a context has more rows than its totals say');
    this.missing -= rows;
  }

  /** Makes a context the first child of the parents behind `before` up to `parent`. */
  private enterChildren(before: number, parent: number, context: number): void {
    const { children } = this.table.columns;
    if (!this.table.isUnderRoot) children.fill(context, before + 1, parent + 1);
  }

  end(): Omit<LaidOut, 'directory' | 'columns'> {
    const { table, blockStarts, firstParents, lastParents, lines } = this;
    const { shape, columns, name } = table;
    if (this.missing > 0) throw damaged(name, 'its last context has fewer rows than its totals say');
    const { bare = 0, ...manifest } = this.part.manifest;
    if (this.contexts !== manifest.contexts || this.rows !== manifest.rows + bare)
      throw damaged(name, 'the table has fewer contexts or rows than the manifest says');
    this.enterChildren(lastParents.at(-1) ?? -1, this.parentContexts, this.contexts);
    // Flat regions lie behind all lines.
    const behind = FIRST_LINE + (lines << shape.lineShift);
    const data = new Uint32Array(tableMemory(4 * (behind + this.flat + SPARE)));
    const moved = blockStarts.map(start => ({ ...start, flat: behind + start.flat }));
    moved.forEach(({ firstContext, lines, flat, firstRow }, block) => {
      if (firstRow > 0) return;
      const { links } = columns;
      const end = block + 1 < moved.length ? moved[block + 1] : undefined;
      const last = end === undefined ? this.contexts : end.firstContext + (end.firstRow > 0 ? 1 : 0);
      moveLinks(links, firstContext, last, lineStep(shape, lines), flatStep(shape, flat));
    });
    return { blockStarts: moved, firstParents, lastParents, data };
  }
}

/** Adds the places where the lines, and the flat regions, of a block begin to the links of its contexts. */
function moveLinks(links: Uint32Array, from: number, to: number, ofLines: number, ofFlat: number): void {
  for (let c = from + 1; c <= to; c++) links[c] += links[c] & FLAT ? ofFlat : ofLines;
}

/** Whether every n-gram of the context table that does not end with `</s>` is a context of this table. */
function hasAll({ pattern, manifest }: TablePart): boolean {
  return pattern[0] === 1 && manifest.dropped === undefined;
}

const NONE_OF_THEM = new Uint32Array(0);
const NO_COLUMNS: LoadingColumns = {
  links: NONE_OF_THEM,
  children: NONE_OF_THEM,
  farthest: NONE_OF_THEM,
  starts: NONE_OF_THEM,
  words: NONE_OF_THEM,
  numbers: [],
};
/** The parts of a table that laying it out does not need. */
const BLANK = {
  linksAt: 0,
  wordBits: 0,
  parent: NO_COLUMNS,
  linked: [],
  data: NONE_OF_THEM,
  numbers: new Float64Array(0),
};
