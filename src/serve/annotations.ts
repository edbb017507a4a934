import { annotate, type AnnotateSettings } from '../documents/annotate.js';
import type { AnnotatedDocument } from '../documents/annotated-row.js';
import { withLine } from '../documents/source-documents.js';
import { parseJson, readLines } from './body.js';
import type { Call, Endpoint } from './endpoint.js';
import { Failure } from './failure.js';
import * as is from './members.js';
import { membersOf, described, type Members } from './members.js';
import { SCHEMAS } from './schemas.js';
import type { ServedModel } from './served-model.js';

/** The options of annotating that a client may give: none of them names a file of the server. */
const ANNOTATE: Members = {
  model: is.model,
  against: described('The name of a second served model, with which documents are compared.', is.text),
  unit: is.choice(['lines', 'document']),
  features: is.choice(['basic', 'full']),
  tokens: is.flag,
  surprisal: described('Masks tokens whose surprisal is above this number of bits.', is.numberFrom(0, 1e6)),
  context: is.nonEmptyText,
  as: is.nonEmptyText,
  id: is.nonEmptyText,
  figuresOnly: is.flag,
};

/** The endpoint that adds figures to documents. */
export const ANNOTATIONS: Endpoint = {
  method: 'POST',
  path: '/annotate',
  summary:
    'Adds figures to documents, JSON lines with a member `text` (`annotate`). The options are parameters of the address.',
  parameters: ANNOTATE,
  answers: SCHEMAS.lines,
  type: 'application/x-ndjson',
  readsBody: true,
  answer: call => {
    const given = Object.fromEntries(Object.entries(call.query).map(([name, value]) => [name, valueOf(name, value)]));
    const { model, against, surprisal, ...options } = membersOf<
      Omit<AnnotateSettings, 'model' | 'against'> & { model?: string; against?: string; surprisal?: number }
    >('annotate', given, ANNOTATE);
    const served = call.model(model);
    // Annotating finds out at its first document, when the answer has begun.
    if (options.context !== undefined) served.createCache('context');
    let failed: Failure | undefined;
    const other = against === undefined ? undefined : call.otherModel(against);
    const annotated = annotate({
      ...options,
      model: served.paged,
      ...(other ? { against: other.paged } : {}),
      ...(surprisal === undefined ? {} : { mask: { surprisal } }),
      threads: call.limits.threads,
      documents: documentsOf(call, failure => (failed = failure)),
    });
    return { type: 'application/x-ndjson', pieces: annotatedLines(call, served, annotated, () => failed) };
  },
};

/** The value that a parameter of the address stands for. */
function valueOf(name: string, text: string): unknown {
  const type = Object.hasOwn(ANNOTATE, name) ? ANNOTATE[name].schema['type'] : undefined;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  const number = type === 'number' && text.trim() !== '' ? Number(text) : NaN;
  return Number.isNaN(number) ? text : number;
}

interface GivenDocument {
  readonly text: string;
}

/** The documents of a body, up to a fault: the documents before it are annotated, and the fault follows them. */
async function* documentsOf(
  call: Call,
  onFailure: (failure: Failure) => void,
): AsyncGenerator<GivenDocument, void, void> {
  let line = 0;
  try {
    for await (const text of readLines(call.incoming, call.limits)) {
      line++;
      const document = parseJson(text);
      if (typeof document !== 'object' || document === null || typeof (document as GivenDocument).text !== 'string') {
        throw new Failure(400, 'KNESER_INPUT_JSON', `line ${line}: not an object with a text as its member text`);
      }
      yield withLine(document as GivenDocument, text);
    }
  } catch (error) {
    onFailure(call.failureOf(error));
  }
}

const decoder = new TextDecoder();

async function* annotatedLines(
  call: Call,
  served: ServedModel,
  documents: AsyncIterable<Pick<AnnotatedDocument, 'line' | 'figures'>>,
  failed: () => Failure | undefined,
): AsyncGenerator<string, void, void> {
  try {
    for await (const { line, figures } of documents) {
      call.metrics.used(served.name, 'scored', figures.tokens);
      yield `${decoder.decode(line)}\n`;
      const pausing = call.pause();
      if (pausing) await pausing;
    }
    const failure = failed();
    if (failure) yield `${JSON.stringify(failure.body)}\n`;
  } catch (error) {
    yield `${JSON.stringify(call.failureOf(error).body)}\n`;
  }
}
