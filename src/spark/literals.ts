import { KneserError } from '../base/errors.js';

/** Characters that stand for themselves in a literal: every parser and every character set between here and Spark reads them alike. */
const PLAIN = /^[A-Za-z0-9 !#%&()*+,\-./:<=>?@[\]^_{|}~]$/;

/**
 * A text as a literal of Spark SQL. Quotes, backslashes, dollars, semicolons, control characters and all characters that are not ASCII
 * are written as `\uXXXX`: `spark-sql` cuts a file at semicolons, replaces `${…}`, and reads it in the character set of the machine.
 */
export function literal(text: string): string {
  let quoted = '';
  for (let at = 0; at < text.length; at++) {
    const unit = text[at];
    quoted += PLAIN.test(unit) ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  }
  return `'${quoted}'`;
}

/**
 * A text as one word of a POSIX shell. A line feed in it would end the line in `spark-sql`'s reading.
 *
 * @throws KNESER_OPTION for control characters.
 */
export function shellWord(name: string, text: string): string {
  refuseControl(name, text);
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Refuses a path that Spark cannot be given. @throws KNESER_OPTION */
export function checkSparkPath(name: string, path: string): void {
  refuseControl(name, path);
}

/** Refuses the path of a folder to write that Hadoop would read as a pattern. @throws KNESER_OPTION */
export function checkSparkFolder(name: string, path: string): void {
  checkSparkPath(name, path);
  const [special] = /[*?[\]{}\\,]/.exec(path) ?? [];
  if (special === undefined) return;
  throw new KneserError(
    'KNESER_OPTION',
    `${name}: ${path} holds a ${special}, which Spark reads as part of a pattern; name a folder without * ? [ ] { } \\ and ,`,
  );
}

function refuseControl(name: string, text: string): void {
  if (!/[\0-\x1f\x7f]/.test(text)) return;
  throw new KneserError('KNESER_OPTION', `${name}: ${JSON.stringify(text)} holds a control character; leave it out`);
}

/** A folder, and a path in it. */
export function inside(folder: string, ...names: readonly string[]): string {
  return [folder.replace(/\/+$/, ''), ...names].join('/');
}
