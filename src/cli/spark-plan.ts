import type { Command } from 'commander';
import { JOB_OPTION_NAMES } from '../spark/job.js';
import { given } from './given.js';
import { addBuildFlags, type BuildFlags } from './build-flags.js';
import { buildOptions } from './build-options.js';
import { print } from './output.js';
import { parseWhole } from './values.js';

const HELP = `
Each line of the text is a sentence; white space separates its tokens. Each statement writes a folder of its own in the folder of the
job: an interrupted job continues with --from STEP, the name in the comment before a statement. docs/spark.md has a worked example.

Examples:
  kneser spark plan 'hdfs:///corpus/*.txt' --work hdfs:///job --order 5 --prune 0,0,1 > job.sql
  spark-sql -f job.sql && hadoop fs -get hdfs:///job/model job
  kneser spark import job --out model`;

/** Flags of `kneser spark plan`. */
interface PlanFlags extends BuildFlags {
  readonly work: string;
  readonly partitions?: number;
  readonly from?: string;
}

/** `kneser spark plan`. */
export function define(command: Command): void {
  command
    .argument('<text...>', 'text files as Spark reads them, quoted for the shell: hdfs:///corpus/*.txt')
    .requiredOption('-w, --work <folder>', 'folder of the job, as Spark writes it');
  addBuildFlags(command, JOB_OPTION_NAMES, ['--vocab'])
    .option('--partitions <n>', 'partitions of a shuffle (default: those of the cluster)', parseWhole)
    .option('--from <step>', 'continue the job at this step')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(texts: readonly string[], flags: PlanFlags): Promise<void> {
  const { sparkPlan } = await import('../spark/plan.js');
  const { work, partitions, from } = flags;
  const { vocabulary, ...options } = await buildOptions(flags, JOB_OPTION_NAMES);
  await print(
    await sparkPlan({
      texts,
      work,
      ...options,
      ...(vocabulary ? { vocabulary: vocabulary as Exclude<typeof vocabulary, { readonly kind: 'words' }> } : {}),
      ...given({ partitions, from }),
    }),
  );
}
