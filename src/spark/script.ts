import { KneserError } from '../base/errors.js';

/** A statement of a job, and the folder that it writes. */
export interface Step {
  /** The name of the folder, by which a job continues: `events`, or a pattern. */
  readonly name: string;
  /** The work of the step, for a comment. */
  readonly about: string;
  /** `INSERT OVERWRITE DIRECTORY …`. */
  readonly statement: string;
  /** Definitions that later steps read the folder by. */
  readonly views: readonly string[];
}

/** Settings without which a statement would mean something else, or a sum too large would wrap around. */
export const SETTINGS: Readonly<Record<string, string>> = {
  // Texts of literals stand as they are: no ${…} in them is replaced, and escapes are read.
  'spark.sql.variable.substitute': 'false',
  'spark.sql.parser.escapedStringLiterals': 'false',
  'spark.sql.ansi.enabled': 'true',
  'spark.sql.parquet.writeLegacyFormat': 'false',
  'mapreduce.fileoutputcommitter.marksuccessfuljobs': 'true',
};

/** The index of the step at which a job begins. @throws KNESER_OPTION */
export function firstStep(steps: readonly Step[], from: string | undefined): number {
  const at = from === undefined ? 0 : steps.findIndex(({ name }) => name === from);
  if (at >= 0) return at;
  const names = steps.map(({ name }) => name).join(', ');
  throw new KneserError('KNESER_OPTION', `from: there is no step ${from}; the steps are ${names}`);
}

/**
 * The text of a file for `spark-sql -f`.
 *
 * @param head lines for a comment at the top.
 * @param views definitions of the input.
 * @param from the index of the first step that is run. Of those before it only the folders are defined.
 */
export function script(
  head: string,
  settings: Readonly<Record<string, string>>,
  views: readonly string[],
  steps: readonly Step[],
  from: number,
): string {
  const comment = (text: string): string => text.replaceAll(/^/gm, '-- ');
  const statements = [
    ...Object.entries(settings).map(([name, value]) => `SET ${name}=${value}`),
    ...views,
    ...steps.flatMap(({ name, about, statement, views: results }, at) => [
      ...(at < from ? [] : [`${comment(`Step ${at + 1} of ${steps.length}, ${name}: ${about}.`)}\n${statement}`]),
      ...results,
    ]),
  ];
  return `${comment(head)}\n\n${statements.map(statement => `${statement};\n`).join('\n')}`;
}
