import { describe, expect, test } from 'vitest';
import { sparkPlan, type SparkPlanOptions } from '#kneser/src/index.js';

const TEXT = { texts: ['hdfs:///corpus/*.txt'], work: 'hdfs:///job/' };

/** The statements of SQL text, as `spark-sql` cuts it. No literal holds a semicolon. */
const statements = (sql: string): string[] =>
  sql
    .split(/;\n/)
    .map(statement => statement.replaceAll(/^--.*\n/gm, '').trim())
    .filter(text => text !== '');

const folders = (sql: string): string[] =>
  [...sql.matchAll(/INSERT OVERWRITE DIRECTORY '([^']*)'/g)].map(([, path]) => path);

describe('the SQL of a count', () => {
  test('each step writes a folder of its own, and totals at last', async () => {
    const sql = await sparkPlan({ ...TEXT, order: 3, patterns: { skip: true } });
    const model = ['totals', 'plan', 'vocabulary', '111', '11', '1', '1_1', 'totals'].map(
      name => `hdfs:///job/model/${name}`,
    );
    expect(folders(sql)).toEqual([
      ...model.slice(0, 2),
      'hdfs:///job/counted/words',
      model[2],
      'hdfs:///job/counted/events',
      ...model.slice(3),
    ]);
    expect(sql).toMatchSnapshot();
  });

  test('pruning counts the raw n-grams of the levels that need them, and drops what train drops', async () => {
    const sql = await sparkPlan({ ...TEXT, order: 4, prune: [0, 0, 1] });
    expect(folders(sql).filter(path => path.includes('counted'))).toEqual(
      ['words', 'events', '111'].map(name => `hdfs:///job/counted/${name}`),
    );
    expect(sql).toContain('IF(n > 1, w, 0)');
    expect(sql).toContain('IF(r > 1, w, 0)');
    expect(sql.match(/OVER \(PARTITION BY/g)).toHaveLength(2);
  });

  test('thresholds, patterns and orders are checked as in training', async () => {
    for (const options of [
      { prune: [1] },
      { prune: [0, 2, 1] },
      { prune: [0, 1], patterns: { skip: true } },
      { order: 13 },
      { vocabulary: { kind: 'words', words: ['a'] } },
      { vocabulary: { kind: 'limit', limit: 0 } },
      { patterns: { list: ['1_x'] } },
      { texts: [] },
      { work: 'hdfs:///job/*' },
      { work: 'job\n; DROP TABLE x' },
      { texts: ['a\0b'] },
      { from: 'nowhere' },
    ]) {
      await expect(sparkPlan({ ...TEXT, ...options } as SparkPlanOptions)).rejects.toMatchObject({
        code: 'KNESER_OPTION',
      });
    }
  });

  test('a vocabulary of a limit or a least frequency', async () => {
    expect(await sparkPlan({ ...TEXT, vocabulary: { kind: 'limit', limit: 500 } })).toContain('LIMIT 500');
    expect(await sparkPlan({ ...TEXT, vocabulary: { kind: 'frequency', atLeast: 3 } })).toContain('frequency >= 3');
    expect(await sparkPlan({ ...TEXT, skipBlank: true, partitions: 77 })).toMatch(
      /shuffle\.partitions=77[^]*WHERE size\(words\) > 0/,
    );
  });

  test('order 1 counts words alone', async () => {
    const sql = await sparkPlan({ ...TEXT, order: 1 });
    expect(folders(sql).map(path => path.replace(/.*\//, ''))).toEqual([
      'totals',
      'plan',
      'words',
      'vocabulary',
      'totals',
    ]);
  });

  test('a job that continues defines the folders of the steps before, and writes those of the others', async () => {
    const whole = statements(await sparkPlan({ ...TEXT, order: 3 }));
    const rest = statements(await sparkPlan({ ...TEXT, order: 3, from: '11' }));
    expect(folders(rest.join('\n'))).toEqual([
      'hdfs:///job/model/11',
      'hdfs:///job/model/1',
      'hdfs:///job/model/totals',
    ]);
    expect(rest.filter(text => text.startsWith('CREATE'))).toEqual(whole.filter(text => text.startsWith('CREATE')));
  });

  test('paths are quoted: no character of a path ends the literal, is substituted, or depends on a character set', async () => {
    const path = `a'b"c\\d\`e;f$\{g\}é\u{1F600} --h /*i*/`;
    const sql = await sparkPlan({ texts: [path], work: "/tmp/it's; here" });
    expect(sql).toContain(String.raw`'a\u0027b\u0022c\u005cd\u0060e\u003bf\u0024{g}\u00e9\ud83d\ude00 --h /*i*/'`);
    expect(sql).toContain(String.raw`'/tmp/it\u0027s\u003b here/model/plan'`);
    expect(sql).toMatch(/^[\n\x20-\x7e]*$/);
    for (const statement of statements(sql)) expect((statement.match(/'/g) ?? []).length % 2).toBe(0);
  });
});
