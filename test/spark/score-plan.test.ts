import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '#kneser/src/cli/commands.js';
import { sparkScorePlan, type SparkScorePlanOptions } from '#kneser/src/index.js';
import { WORKER_FLAGS } from '#kneser/src/spark/worker-flags.js';

const folders = (sql: string): string[] =>
  [...sql.matchAll(/INSERT OVERWRITE DIRECTORY '([^']*)'/g)].map(([, path]) => path);

describe('the SQL of a scoring', () => {
  const SCORE = { model: 'news.kneser', texts: ['corpus/*.txt'], out: '/tmp/scores' };

  test('rows go out with ids, are checked, and come in the order of the text', () => {
    const sql = sparkScorePlan(SCORE);
    expect(folders(sql)).toEqual(['answers', 'checked', 'lines'].map(name => `/tmp/scores/${name}`));
    expect(sql).toContain("USING 'kneser score news.kneser - --json --ids'");
    expect(sql).toMatchSnapshot();
  });

  test('the worker’s words are quoted for its shell', () => {
    const sql = sparkScorePlan({
      ...SCORE,
      model: "it's $HOME",
      kneser: '/opt/my kneser',
      flags: ['--smoothing', 'kn', '--no-end'],
    });
    expect(sql).toContain(
      String.raw`USING '\u0027/opt/my kneser\u0027 score \u0027it\u0027\u005c\u0027\u0027s \u0024HOME\u0027 - --json --ids --smoothing kn --no-end'`,
    );
  });

  test('documents', () => {
    const sql = sparkScorePlan({ ...SCORE, run: 'annotate', format: 'jsonl', flags: ['--unit=document', '--tokens'] });
    expect(sql).toContain("USING 'kneser annotate news.kneser - --format jsonl --quiet --unit=document --tokens'");
  });

  test.each<Partial<SparkScorePlanOptions>>([
    { flags: ['--cache'] },
    { flags: ['--smoothing'] },
    { flags: ['model2'] },
    { run: 'annotate', flags: ['--shard', '1/2'] },
    { format: 'jsonl' },
    { texts: [] },
    { model: 'a\nb' },
    { out: 'a?' },
  ])('%o is refused', options => {
    expect(() => sparkScorePlan({ ...SCORE, ...options })).toThrow(
      expect.objectContaining({ code: 'KNESER_OPTION' }) as Error,
    );
  });
});

test.each(Object.entries(WORKER_FLAGS))(
  'executors take flags that %s has, with values if it takes them',
  async (name, flags) => {
    const { define } = (await COMMANDS.find(row => row.name === name)?.load()) ?? expect.fail(name);
    const command = new Command(name);
    define(command, { commands: COMMANDS, groups: {}, args: [] });
    const declared = Object.fromEntries(
      command.options.map(({ long, required }) => [String(long).slice(2), required] as const),
    );
    expect(declared).toMatchObject(flags);
  },
);
