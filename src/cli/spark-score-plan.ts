import { Option, type Command } from 'commander';
import type { SparkScorePlanOptions } from '../spark/score-plan.js';
import { SPARK_COMMANDS, type SparkCommand } from '../spark/worker-flags.js';
import { print } from './output.js';

const HELP = `
kneser and the model must be on each executor; --files of spark-sql copies a packed model there. The job fails if a line does not come
back. The results are in the folder lines of the output, in the order of the text.

Examples:
  kneser spark score-plan news.kneser 'hdfs:///corpus/*.txt' --out hdfs:///scores > score.sql
  spark-sql --files news.kneser -f score.sql
  kneser spark score-plan news.kneser crawl.jsonl --run annotate --format jsonl --out scores --flags '--unit document'`;

/** Flags of `kneser spark score-plan`. */
interface ScorePlanFlags {
  readonly out: string;
  readonly run: SparkCommand;
  readonly format?: 'text' | 'jsonl';
  readonly flags?: string;
  readonly kneser?: string;
  readonly from?: string;
}

/** `kneser spark score-plan`. */
export function define(command: Command): void {
  command
    .argument('<model>', 'the model as executors find it: a path, or the name of a packed model that --files copies')
    .argument('<text...>', 'text files as Spark reads them, quoted for the shell: hdfs:///corpus/*.txt')
    .requiredOption('-o, --out <folder>', 'folder of the results, as Spark writes it')
    .addOption(new Option('--run <command>', 'command that executors run').choices(SPARK_COMMANDS).default('score'))
    .addOption(
      new Option('--format <name>', 'with annotate: the kind of each line (default: text)').choices(['text', 'jsonl']),
    )
    .option('--flags <text>', 'flags of that command, with spaces between')
    .option('--kneser <path>', 'path of kneser on the executors (default: kneser)')
    .option('--from <step>', 'continue the job at this step')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(model: string, texts: readonly string[], given: ScorePlanFlags): Promise<void> {
  const { sparkScorePlan } = await import('../spark/score-plan.js');
  const { flags, ...others } = given;
  const words = flags?.split(/\s+/).filter(word => word !== '');
  const options: SparkScorePlanOptions = { model, texts, ...(words ? { flags: words } : {}), ...others };
  await print(sparkScorePlan(options));
}
