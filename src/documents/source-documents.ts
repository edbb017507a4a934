import { callBack } from '../base/call-back.js';
import { KneserError } from '../base/errors.js';
import { callerItems } from '../base/caller-items.js';
import type { WorkOptions } from '../base/progress.js';
import { givenDocumentOptions, replacedWarning, type DocumentOptions } from '../text/formats/corpus.js';
import { expandForTwoPasses, expandInputs, sizeOf, type Input } from '../text/formats/input.js';
import { objectOf, type JsonObject } from '../text/formats/jsonl.js';
import {
  isInShard,
  placeOf,
  readAllDocuments,
  someOf,
  type DocumentAt,
  type Shard,
  type StreamEvents,
} from './stream.js';

/** A document that is given as an object. */
export interface TextDocument {
  /** The text of the document: lines with line feeds between them. */
  readonly text: string;
}

/** A document with its JSON. */
export interface SourceDocument {
  readonly index: number;
  readonly text: string | undefined;
  readonly object: JsonObject;
  readonly line: Uint8Array;
  /** Whether the object has a member of the name that is to be added. */
  readonly hasMember: boolean;
  readonly place: () => string;
  release?(): void;
}

/** The source of the documents: files, or the caller's objects. */
export interface Source {
  /** The approximate size of the text [bytes]; `undefined` if it is unknown. */
  readonly bytes: number | undefined;
  /** Reads the documents; each call begins with the first document. */
  read(): AsyncIterable<readonly SourceDocument[]>;
  /** Warns of invalid UTF-8 and of documents without text; called after the last document. */
  end(): void;
}

/** The members of the options of `annotate` that say which documents there are. */
interface SourceOptions extends DocumentOptions, WorkOptions {
  readonly files?: readonly string[];
  readonly documents?: Iterable<TextDocument> | AsyncIterable<TextDocument>;
  readonly shard?: Shard;
  readonly onWarning?: (warning: string) => void;
}

/** Opens the documents that `annotate` is given. @param as the name of the member that is to be added. @throws KNESER_OPTION, KNESER_INPUT_* */
export async function openSource(
  options: SourceOptions,
  as: string,
  { isReadTwice, keepsObjects }: { readonly isReadTwice: boolean; readonly keepsObjects: boolean },
): Promise<Source> {
  const { files, documents = [], shard, onWarning } = options;
  if (files === undefined) {
    return {
      bytes: Array.isArray(documents) ? lengthOf(documents as readonly TextDocument[]) : undefined,
      read: () => someOf(documentsFrom(callerItems(documents, options.signal, 'reading documents'), shard, as)),
      end: () => undefined,
    };
  }
  const given = givenDocumentOptions(options);
  const inputs: readonly Input[] = isReadTwice
    ? await expandForTwoPasses(files, given, 'a mask by quantile', onWarning)
    : await expandInputs(files, given, onWarning);
  let replaced = 0;
  let missing = 0;
  const events: StreamEvents = {
    onProgress: options.onProgress,
    signal: options.signal,
    onReplaced: sequences => (replaced += sequences),
  };
  return {
    bytes: sizeOf(inputs),
    read: async function* () {
      replaced = missing = 0;
      for await (const some of readAllDocuments(inputs, given, events)) {
        const kept = shard ? some.filter(({ index }) => isInShard(index, shard)) : some;
        missing += kept.reduce((sum, { text }) => sum + (text === undefined ? 1 : 0), 0);
        yield withOwnLines(kept, as, keepsObjects);
      }
    },
    end: () => {
      if (replaced > 0) callBack(onWarning, replacedWarning(replaced));
      if (missing > 0) {
        callBack(
          onWarning,
          missing === 1
            ? '1 document without text has no figures (null)'
            : `${missing} documents without text have no figures (null)`,
        );
      }
    },
  };
}

/** Copies the lines of documents, so that they stay valid. */
function withOwnLines(documents: readonly DocumentAt[], as: string, keepsObjects: boolean): SourceDocument[] {
  if (documents.length === 0) return [];
  const group = new OwnLines(documents, as, keepsObjects);
  return documents.map(({ index, text }, i) => new OwnLine(group, i, index, text));
}

/**
 * The lines of documents that were read together, in arrays by document: thousands of documents wait for their scores, and the garbage
 * collector would copy an object for each.
 */
class OwnLines {
  /** The bytes of all lines, and maybe of line ends between them. */
  private readonly bytes: Uint8Array;
  /** By document, the begin and the end of its line in `bytes`. */
  private readonly bounds: Uint32Array;
  private readonly file: string;
  private readonly unit: 'line' | 'row';
  /** By document, its number in the file. */
  private readonly numbers: Float64Array;
  /** By document, 1 if its object has a member of the name that is to be added. */
  private readonly hasMembers: Uint8Array;
  /** By document, its object, if objects are kept. */
  readonly objects: readonly JsonObject[] | undefined;

  constructor(documents: readonly DocumentAt[], as: string, keepsObjects: boolean) {
    const [{ file, unit }] = documents;
    this.file = file;
    this.unit = unit;
    this.bounds = new Uint32Array(2 * documents.length);
    this.bytes = this.copyLines(documents);
    this.numbers = new Float64Array(documents.length);
    this.hasMembers = new Uint8Array(documents.length);
    for (let i = 0; i < documents.length; i++) {
      const { number, object } = documents[i];
      this.numbers[i] = number;
      this.hasMembers[i] = Object.hasOwn(object, as) ? 1 : 0;
    }
    this.objects = keepsObjects ? documents.map(({ object }) => object) : undefined;
  }

  line(i: number): Uint8Array {
    return this.bytes.subarray(this.bounds[2 * i], this.bounds[2 * i + 1]);
  }

  hasMember(i: number): boolean {
    return this.hasMembers[i] === 1;
  }

  place(i: number): string {
    const { file, unit, numbers } = this;
    return placeOf({ file, unit, number: numbers[i] });
  }

  /** A copy of the lines, whose places in it `bounds` gets. Lines of one chunk of the file are copied at once. */
  private copyLines(documents: readonly DocumentAt[]): Uint8Array {
    const { bounds } = this;
    const [{ line: first }] = documents;
    const { buffer, byteOffset } = first;
    let end = byteOffset;
    let total = 0;
    for (let i = 0; i < documents.length; i++) {
      const { line } = documents[i];
      const isNext: boolean = line.buffer === buffer && line.byteOffset >= end;
      end = isNext ? line.byteOffset + line.length : Infinity;
      bounds[2 * i] = line.byteOffset - byteOffset;
      bounds[2 * i + 1] = bounds[2 * i] + line.length;
      total += line.length;
    }
    // White space between the lines is copied, too, unless there is much of it.
    if (end - byteOffset <= 2 * total) return new Uint8Array(buffer, byteOffset, end - byteOffset).slice();
    const bytes = new Uint8Array(total);
    let at = 0;
    for (let i = 0; i < documents.length; i++) {
      const { line } = documents[i];
      bytes.set(line, at);
      bounds[2 * i] = at;
      bounds[2 * i + 1] = at += line.length;
    }
    return bytes;
  }
}

/** Document `i` of lines that were read together. It is small, because thousands of documents wait for their scores. */
class OwnLine implements SourceDocument {
  constructor(
    private readonly lines: OwnLines,
    private readonly i: number,
    readonly index: number,
    public text: string | undefined,
  ) {}

  get object(): JsonObject {
    return this.lines.objects?.[this.i] ?? objectOf(this.line);
  }

  get line(): Uint8Array {
    return this.lines.line(this.i);
  }

  get hasMember(): boolean {
    return this.lines.hasMember(this.i);
  }

  get place(): () => string {
    return () => this.lines.place(this.i);
  }

  release(): void {
    this.text = undefined;
  }
}

function lengthOf(documents: readonly (Partial<TextDocument> | null | undefined)[]): number {
  return documents.reduce((sum, document) => sum + (typeof document?.text === 'string' ? document.text.length : 0), 0);
}

const encoder = new TextEncoder();

/** The JSON of a document that was parsed from a line, which keeps what `JSON.stringify` would lose, such as the digits of long numbers. */
const LINE = Symbol('line');

/** Keeps the line from which a document was parsed: the line that `annotate` writes has the same bytes. */
export function withLine<D extends object>(document: D, line: string): D {
  return Object.defineProperty(document, LINE, { value: line });
}

async function* documentsFrom(
  documents: Iterable<TextDocument> | AsyncIterable<TextDocument>,
  shard: Shard | undefined,
  as: string,
): AsyncGenerator<SourceDocument> {
  let index = 0;
  for await (const document of documents) {
    const at = index++;
    if (typeof (document as Partial<TextDocument> | null)?.text !== 'string') {
      throw new KneserError('KNESER_OPTION', `documents: document ${at} has no member text that is a string`);
    }
    if (!isInShard(at, shard)) continue;
    const object = document as unknown as JsonObject;
    yield {
      index: at,
      text: document.text,
      object,
      get line() {
        return encoder.encode(jsonOf(document, at));
      },
      hasMember: Object.hasOwn(object, as),
      place: () => `document ${at}`,
    };
  }
}

/** The JSON of a document, or the line from which it was parsed. @throws KNESER_OPTION for JSON that is no object, to which figures cannot be added. */
function jsonOf(document: TextDocument & { readonly [LINE]?: string }, at: number): string {
  if (document[LINE] !== undefined) return document[LINE];
  let json: string | undefined;
  try {
    json = JSON.stringify(document) as string | undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KneserError('KNESER_OPTION', `documents: document ${at} cannot be written as JSON (${reason})`, {
      cause: error,
    });
  }
  if (json?.startsWith('{')) return json;
  throw new KneserError('KNESER_OPTION', `documents: the JSON of document ${at} is no object, such as {"text":"…"}`);
}
