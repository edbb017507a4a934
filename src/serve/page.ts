/** A file of the page at `GET /`. */
export interface PageFile {
  readonly path: string;
  readonly type: string;
  readonly content: () => string | Uint8Array;
}

export const PAGE: readonly PageFile[] = [];
