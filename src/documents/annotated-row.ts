import { PendingBytes } from '../base/pending-bytes.js';
import type { JsonObject } from '../text/formats/jsonl.js';
import { decode } from '../text/surface.js';
import type { DocumentFigures, FiguresJson } from './figures.js';
import { memberText, refuseMember, writeText, writeWithMember } from './member.js';
import type { OutputLine } from './output.js';
import type { SourceDocument } from './source-documents.js';

/** A document and its figures. */
export interface AnnotatedDocument<D = JsonObject> {
  /** The document's position among all documents, from 0. */
  readonly index: number;
  /** The document as it was given, or the object that was read. */
  readonly document: D;
  /** The figures of the document. */
  readonly figures: DocumentFigures;
  /**
   * The document as JSON in UTF-8, without a line feed, with the figures as its last member; a document of JSON lines keeps all
   * other bytes unchanged. With `figuresOnly`, only the member `id` and the figures.
   */
  readonly line: Uint8Array;
  /** @internal Writes `line`. */
  writeTo(out: PendingBytes): void;
  /** @internal The JSON of the document without the figures. */
  readonly source: Uint8Array;
}

/** The form of the lines of the output. */
export interface LineLayout {
  /** The name of the added member. */
  readonly as: string;
  /** The JSON of this name, in UTF-8. */
  readonly name: Uint8Array;
  readonly figuresOnly: boolean;
  readonly id: string | undefined;
}

/** Documents that were scored together, with their figures. */
export interface AnnotatedGroup {
  readonly documents: readonly SourceDocument[];
  readonly json: FiguresJson;
  /** The figures of document `d`. */
  readonly figuresOf: (d: number) => DocumentFigures;
  readonly layout: LineLayout;
}

/** Rows are made in groups of this many: rows that wait cost the garbage collector. */
export const ROWS = 256;

/** A row of {@link annotate}, which writes itself: document `d` of a group. */
export class AnnotatedRow implements AnnotatedDocument<unknown>, OutputLine {
  readonly #group: AnnotatedGroup;
  readonly #d: number;

  constructor(group: AnnotatedGroup, d: number) {
    this.#group = group;
    this.#d = d;
  }

  get index(): number {
    return this.#document.index;
  }

  get document(): unknown {
    return this.#document.object;
  }

  get figures(): DocumentFigures {
    return this.#group.figuresOf(this.#d);
  }

  get source(): Uint8Array {
    return this.#document.line;
  }

  get line(): Uint8Array {
    const bytes = new PendingBytes();
    this.writeTo(bytes);
    return bytes.view();
  }

  get #document(): SourceDocument {
    return this.#group.documents[this.#d];
  }

  writeTo(out: PendingBytes): void {
    const { json, layout } = this.#group;
    const { as, name, figuresOnly, id } = layout;
    const document = this.#document;
    if (!figuresOnly) {
      if (document.hasMember) refuseMember(as, document.place);
      writeWithMember(out, document.line, name, to => json.writeTo(to, this.#d));
    } else if (id === undefined) {
      json.writeTo(out, this.#d);
    } else {
      const value = memberText(decode(document.line), id) ?? 'null';
      writeText(out, `{${JSON.stringify(id)}:${value},`);
      // The figures without their opening brace.
      json.writeTo(out, this.#d, 1);
    }
  }
}
