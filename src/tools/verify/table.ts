import type { TableManifest } from '../../tables/manifest.js';
import type { StoredTable } from '../../tables/table-reader.js';

/** A table that is to be checked. */
export interface CheckedTable extends StoredTable {
  readonly manifest: TableManifest;
  /** The ids of its words are below this. */
  readonly words: number;
}
