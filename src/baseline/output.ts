import { existsSync, rmSync } from 'node:fs';
import { access, constants, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { writeAtomically } from '../base/node/atomic.js';
import { isDiskFull, KneserError, writeError } from '../base/errors.js';
import { makeFolder, removeEmpty } from '../base/node/folders.js';
import { makeTemporaryFolder, ownMark, removeAbandoned } from '../base/node/leftovers.js';
import { baselineMarkdown } from './markdown.js';
import { baselinePage } from './page.js';
import type { BaselineReport } from './report.js';

/** The names of the files that a baseline writes. */
const FILES = { json: 'baseline.json', markdown: 'baseline.md', page: 'baseline.html', tokens: 'tokens.tsv.gz' };

/**
 * Checks that files can be written to the folder, before the work that may take hours.
 *
 * @throws KNESER_OUTPUT_EXISTS, KNESER_OUTPUT_DENIED
 */
export async function claimFolder(folder: string, force: boolean): Promise<void> {
  const found = Object.values(FILES).find(name => existsSync(join(folder, name)));
  if (found !== undefined && !force) {
    throw new KneserError(
      'KNESER_OUTPUT_EXISTS',
      `${join(folder, found)}: there is a baseline here already; replace it with force (--force), or name another out (--out)`,
    );
  }
  try {
    const made = await makeFolder(folder);
    await access(folder, constants.W_OK);
    if (made !== undefined) await removeEmpty(folder, made);
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** Refuses to replace models before the first training, because the training of that model would refuse. @throws KNESER_OUTPUT_EXISTS */
export function checkModels(folder: string, names: readonly string[], force: boolean): void {
  const found = names.map(name => join(folder, name)).find(path => existsSync(path));
  if (found === undefined || force) return;
  throw new KneserError(
    'KNESER_OUTPUT_EXISTS',
    `${found}: this path exists already; replace a model with force (--force), or name another keepModels (--keep-models)`,
  );
}

/**
 * Writes the files of a baseline: all of them to a temporary folder, from which it then moves them.
 *
 * @param lines the lines of the table of tokens; `undefined` if there is none.
 */
export async function writeBaseline(
  folder: string,
  report: BaselineReport,
  lines: AsyncIterable<string> | undefined,
): Promise<void> {
  const draft = join(folder, `.${ownMark()}`);
  let made: string | undefined;
  try {
    await removeAbandoned(folder, '.');
    made = await makeFolder(draft);
    if (lines) {
      const gzip = createGzip();
      const feeding = pipeline(lines, gzip);
      feeding.catch(() => undefined);
      await writeAtomically(join(draft, FILES.tokens), gzip as AsyncIterable<Uint8Array>);
      await feeding;
    }
    await writeAtomically(join(draft, FILES.page), [baselinePage(report)]);
    await writeAtomically(join(draft, FILES.markdown), [baselineMarkdown(report)]);
    await writeAtomically(join(draft, FILES.json), [JSON.stringify(report, undefined, 1) + '\n']);
    // A table of tokens of an earlier report does not belong to this report.
    if (!lines) await rm(join(folder, FILES.tokens), { force: true });
    const { tokens, ...others } = FILES;
    const written = [...Object.values(others), ...(lines ? [tokens] : [])];
    for (const name of written) await rename(join(draft, name), join(folder, name));
  } catch (error) {
    throw writeError(folder, error);
  } finally {
    await rm(draft, { recursive: true, force: true });
    if (made !== undefined) await removeEmpty(folder, made);
  }
}

/** Calls `use` with a temporary folder, and removes the folder afterwards, even if the process exits meanwhile. */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeTemporaryFolder('baseline');
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return await use(folder);
  } catch (error) {
    throw isDiskFull(error) ? writeError(folder, error) : error;
  } finally {
    process.off('exit', remove);
    await rm(folder, { recursive: true, force: true });
  }
}
