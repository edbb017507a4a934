import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KneserError, readError, systemCode } from '../base/errors.js';
import { readColumns, type ColumnKind, type Rows } from '../text/formats/parquet-columns.js';
import { decodeJob, decodeTotal, PARTS, type SparkJob, type Total } from './job.js';

/** The folder `model` of a job on this machine. */
export class JobFolder {
  private constructor(
    readonly path: string,
    readonly job: SparkJob,
    private readonly totals: ReadonlyMap<string, Total>,
  ) {}

  /**
   * Opens the folder of a job, or its folder `model`.
   *
   * @throws KNESER_INPUT_MISSING, KNESER_INPUT_SPARK, KNESER_VERSION, KNESER_INPUT_UNREADABLE, KNESER_IO
   */
  static async open(path: string): Promise<JobFolder> {
    const model = join(path, PARTS.model);
    const root = (await namesIn(path)).includes(PARTS.model) ? model : path;
    const read = async <T>(name: string, parse: (line: string) => T): Promise<T[]> => {
      const folder = join(root, name);
      const lines: T[] = [];
      for (const part of await partsOf(folder)) {
        const text = await readFile(part, 'utf8').catch((error: unknown) => Promise.reject(readError(part, error)));
        for (const line of text.split('\n').filter(line => line !== '')) lines.push(parsed(part, () => parse(line)));
      }
      return lines;
    };
    const [job] = await read('plan', line => decodeJob(line, root));
    const totals = await read('totals', decodeTotal);
    if ((job as SparkJob | undefined) === undefined || totals.length === 0) {
      throw new KneserError('KNESER_INPUT_SPARK', `${root}: the job is not finished; its last step writes totals`);
    }
    return new JobFolder(root, job, new Map(totals.map(total => [total.name, total])));
  }

  /** The totals of a table, or of the vocabulary. @throws KNESER_INPUT_SPARK */
  total(name: string): Total {
    const total = this.totals.get(name);
    if (total) return total;
    throw new KneserError('KNESER_INPUT_SPARK', `${this.path}: totals has no row for ${name}; run the job again`);
  }

  /** Reads columns of a folder, part by part. @throws KNESER_INPUT_SPARK, KNESER_INPUT_PARQUET, KNESER_LIMIT, KNESER_IO */
  async *read(
    name: string,
    columns: readonly { readonly name: string; readonly kind: ColumnKind }[],
  ): AsyncGenerator<Rows> {
    for (const part of await partsOf(join(this.path, name))) {
      try {
        yield* readColumns(part, columns);
      } catch (error) {
        if (error instanceof KneserError) throw error;
        if (systemCode(error) !== undefined) throw readError(part, error);
        throw damaged(part, error);
      }
    }
  }

  /** The error for a folder whose rows are not those that the job wrote. */
  fault(name: string, reason: string): KneserError {
    return new KneserError(
      'KNESER_INPUT_SPARK',
      `${join(this.path, name)}: ${reason}; copy the folder again, or run the job again`,
    );
  }
}

/** The parts of a folder that Spark finished, in the order in which it wrote the rows. */
async function partsOf(folder: string): Promise<string[]> {
  const names = await namesIn(folder);
  if (!names.includes('_SUCCESS')) {
    throw new KneserError(
      'KNESER_INPUT_SPARK',
      `${folder}: there is no _SUCCESS in it, so the job did not finish it, or it was not copied whole; let the job finish, then copy it`,
    );
  }
  const numberOf = (name: string): number => Number(/^part-(\d+)/.exec(name)?.[1] ?? NaN);
  return names
    .filter(name => !Number.isNaN(numberOf(name)))
    .sort((a, b) => numberOf(a) - numberOf(b) || (a < b ? -1 : 1))
    .map(name => join(folder, name));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw readError(folder, error);
  }
}

function parsed<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof KneserError ? error : damaged(path, error);
  }
}

function damaged(path: string, error: unknown): KneserError {
  // The message of a library's TypeError or RangeError would not help a user.
  const isUnclear = error instanceof TypeError || error instanceof RangeError;
  const reason = isUnclear ? 'inconsistent lengths' : error instanceof Error ? error.message : String(error);
  return new KneserError('KNESER_INPUT_SPARK', `${path}: damaged or cut short (${reason}); copy it again`, {
    cause: error,
  });
}
