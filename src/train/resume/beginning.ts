import { createHash } from 'node:crypto';
import { VERSION } from '../../base/version.js';
import { givenDocumentOptions } from '../../text/formats/corpus.js';
import { FORMAT_OPTIONS } from '../../text/formats/index.js';
import type { Input } from '../../text/formats/input.js';
import { recordOptions } from '../plan/options.js';
import type { TrainOptions } from '../plan/train-options.js';
import { recordInputs, type Beginning } from './record.js';

/** The options and files on which the model of a training depends. Reads the list of words in `options.vocabulary`, if there is one. */
export async function beginningOf(options: TrainOptions, inputs: readonly Input[]): Promise<Beginning> {
  return {
    settings: {
      'version of kneser': VERSION,
      ...recordOptions(options, { digest }),
      // As in 0.1.0, a record has the options `FORMAT_OPTIONS` even if they were not given (as ''), but other options of documents only if given.
      ...Object.fromEntries(FORMAT_OPTIONS.map(option => [option, ''])),
      ...givenDocumentOptions(options),
    },
    inputs: options.files ? await recordInputs(inputs) : null,
  };
}

function digest(parts: Iterable<string | Uint8Array>): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 16);
}
