import { beforeAll, describe, expect, test } from 'vitest';
import type { ModelInfo } from '#kneser/src/index.js';
import { expectDefined, inspect, SmallText } from '../support/small-text.js';

const cli = new SmallText('inspect');
beforeAll(() => cli.prepare());

describe.concurrent('inspect', () => {
  test('prints one object', async () => {
    const [info, ...rest] = await cli.json<ModelInfo>(['inspect', cli.trained]);
    expect(rest).toEqual([]);
    expect(info).toEqual(await inspect(cli.trained));
    // Further members may follow.
    expect(Object.keys(info).slice(0, 9)).toEqual([
      'order',
      'sentences',
      'tokens',
      'vocabulary',
      'bytes',
      'tables',
      'version',
      'created',
      'options',
    ]);
    expect(info).toMatchObject({ order: 3, sentences: 4, tokens: 19, vocabulary: 10, version: 2 });
    // Counted by hand: 14 bigrams that differ, of which "<s> the" has 3 and "<s> </s>" 1; 13 trigrams that differ, of 15.
    const fallback = { discounts: [0.5, 1, 1.5], fallback: true };
    expect(info.tables).toEqual([
      { pattern: '1', types: 10, dropped: 0, tokens: 14, ...fallback },
      { pattern: '11', types: 14, dropped: 0, tokens: 17, ...fallback },
      { pattern: '111', types: 13, dropped: 0, tokens: 15, ...fallback },
    ]);
    expectDefined(info, ['pruning', 'modelM']);
    expect(info.options).toMatchObject({ lowercase: false, skipBlank: false, vocabulary: 'all' });
  });

  test('prints a table for people', async () => {
    const stdout = await cli.print(['inspect', cli.trained]);
    expect(stdout).toContain(`${cli.trained}: order 3, 4 sentences, 19 tokens, vocabulary 10, `);
    expect(stdout).toMatch(/^pattern +types +tokens +D1 +D2 +D3\+$/m);
    expect(stdout).toMatch(/^111 +13 +15 +0\.50000 +1\.00000 +1\.50000 +fallback$/m);
  });
});
