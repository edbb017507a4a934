import { KneserError } from '../../base/errors.js';
import { decode } from '../surface.js';
import { joinBytes, readRecognized } from './bytes.js';
import { TextCheck } from './text-check.js';

/**
 * The text of a file that is no text of a corpus but is read whole, such as a list of words.
 *
 * @param what a noun for messages: `vocabulary list`.
 * @param mostBytes the largest file.
 * @param expected names of the kinds of files that are accepted beside text.
 * @throws KNESER_LIMIT, KNESER_INPUT_*
 */
export async function readWholeText(
  path: string,
  what: string,
  mostBytes: number,
  expected: readonly string[] = [],
): Promise<string> {
  const most = `${mostBytes >> 20} MB`;
  const tooLong = (): KneserError =>
    new KneserError('KNESER_LIMIT', `${path}: a ${what} has at most ${most}; is this file one?`);
  return decode(await joinBytes(checked(path, expected), mostBytes, tooLong));
}

async function* checked(path: string, expected: readonly string[]): AsyncGenerator<Uint8Array> {
  const textCheck = new TextCheck(path, { advise: false });
  for await (const chunk of readRecognized(path, { advise: false }, expected)) {
    textCheck.add(chunk);
    yield chunk;
  }
}
