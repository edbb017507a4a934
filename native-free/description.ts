import { decodeValue } from '../src/base/decode.js';
import { decodeMsgpack } from '../src/base/decode-msgpack.js';
import { encodeMsgpack } from '../src/base/encode-msgpack.js';
import { KneserError } from '../src/base/errors.js';
import { BlockDamage, seal, unseal } from '../src/base/sealed.js';
import { FORMAT_VERSION } from '../src/store/keys.js';
import type { ModelFiles } from '../src/store/store.js';

/**
 * The description of a kept model: the facts that are in `kneser.json` and in the weight files of a model folder, as one value.
 */
export function encodeDescription({ bytes, created, weights }: ModelFiles): Uint8Array {
  return seal(encodeMsgpack({ format: FORMAT_VERSION, bytes, created, weights: Object.fromEntries(weights) }));
}

/** The reverse of {@link encodeDescription}. @param name of the model, for messages. @throws KNESER_VERSION, KNESER_DAMAGED */
export function decodeDescription(name: string, value: Uint8Array): ModelFiles {
  const { format, ...files } = decodeValue(`${name}: description`, value, decode);
  if (format === FORMAT_VERSION) return files;
  throw new KneserError(
    'KNESER_VERSION',
    `${name}: a model of format ${format}; this version of kneser reads format ${FORMAT_VERSION}. Write it again`,
  );
}

/** @throws BlockDamage */
function decode(value: Uint8Array): ModelFiles & { readonly format: number } {
  const description = decodeMsgpack(unseal(value)) as { weights: Record<string, Uint8Array> } | null;
  if (typeof description !== 'object' || description === null || !('weights' in description))
    throw new BlockDamage('no description');
  const { format, bytes, created, weights } = description as unknown as ModelFiles & {
    format: number;
    weights: Record<string, Uint8Array>;
  };
  return { format, bytes, created, weights: new Map(Object.entries(weights)) };
}
