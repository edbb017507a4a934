import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportArpa, importArpa, LanguageModel } from '#kneser/src/index.js';
import { CommandLine } from '../../support/command-line.js';
import { temporaryFolder, withOpen } from '../../support/models.js';

const folder = temporaryFolder('complete');
const cli = new CommandLine('complete-cli');
const at = (name: string): string => join(folder, name);

/** The text of an ARPA file. @param orders by order, the n-grams as [log10 p, words, log10 of the back-off weight]. */
function arpa(...orders: readonly (readonly (readonly [number, string, number?])[])[]): string {
  const counts = orders.map((list, i) => `ngram ${i + 1}=${list.length}`);
  const sections = orders.map((list, i) =>
    [`\\${i + 1}-grams:`, ...list.map(entry => entry.join('\t')), ''].join('\n'),
  );
  return ['\\data\\', ...counts, '', ...sections, '\\end\\', ''].join('\n');
}

async function importText(text: string, options: { readonly unk?: number } = {}): Promise<readonly string[]> {
  writeFileSync(at('text.arpa'), text);
  return (await importArpa({ file: at('text.arpa'), out: at('imported'), force: true, ...options })).warnings;
}

describe('files that lack a special token', () => {
  const unigrams = [
    [-1, '<s>', -0.3],
    [-0.5, '</s>'],
    [-0.6, 'a', -0.2],
  ] as const;

  test('without <unk>, unknown words have probability 0, or the probability of the option `unk`', async () => {
    const text = arpa(unigrams, [[-0.4, '<s> a']]);
    expect(await importText(text)).toEqual([expect.stringContaining('the file has no <unk>')]);
    await withOpen(at('imported'), (_, loaded) => expect(loaded.score('b').log10Probs[0]).toBe(-Infinity));
    expect(await importText(text, { unk: -3.5 })).toEqual([]);
    await withOpen(at('imported'), async (paged, loaded) => {
      expect(loaded.score('b').log10Probs[0]).toBeCloseTo(-0.3 - 3.5, 12);
      expect(await paged.score('b')).toEqual(loaded.score('b'));
    });
    // If the file has <unk>, the option replaces its probability.
    await importText(arpa([[-2, '<unk>'], ...unigrams], [[-0.4, '<s> a']]), { unk: -7 });
    await withOpen(at('imported'), (_, loaded) => expect(loaded.score('b').log10Probs[0]).toBeCloseTo(-7.3, 12));
    await expect(importText(text, { unk: 0.5 })).rejects.toMatchObject({ code: 'KNESER_OPTION' });
    const out = cli.fresh();
    await cli.print(['import', cli.file(text, '.arpa'), '--out', out, '--unk', '-3.5', '-q']);
    await using model = await LanguageModel.open(out);
    expect((await model.score('b')).log10Probs[0]).toBeCloseTo(-3.8, 12);
    expect(await cli.refuse(2, ['import', cli.file(text, '.arpa'), '--out', cli.fresh(), '--unk', 'x'])).toContain(
      '--unk',
    );
  });

  test('without <unk>, the option `unk` −100 gives the numbers of KenLM 0.3.0', async () => {
    const lines = readFileSync(new URL('../../fixtures/kenlm.arpa', import.meta.url), 'utf8').split('\n');
    const text = lines.filter(line => !line.includes('<unk>')).join('\n');
    await importText(
      text.replace(/ngram 1=(\d+)/, (_, types) => `ngram 1=${Number(types) - 1}`),
      { unk: -100 },
    );
    await withOpen(at('imported'), (_, loaded) => {
      const log10Probs = ['the zyq the', 'the old zyq'].map(line => [...loaded.score(line, { end: false }).log10Probs]);
      const kenlm = [
        [-0.30686, -100.40688, -1.03111],
        [-0.30686, -1.46965, -100.31136],
      ];
      expect(log10Probs.map(line => line.map(value => Number(value.toFixed(5))))).toEqual(kenlm);
    });
  });

  test('without <s>, the first word of a sentence has its unigram probability', async () => {
    const warnings = await importText(arpa([[-2, '<unk>'], ...unigrams.slice(1)], [[-0.4, 'a a']]));
    expect(warnings).toEqual([expect.stringContaining('the file has no <s>')]);
    await withOpen(at('imported'), async (paged, loaded) => {
      expect([...loaded.score('a a').log10Probs]).toEqual([-0.6, -0.4, -0.2 + -0.5]);
      expect(await paged.score('a a')).toEqual(loaded.score('a a'));
      expect(loaded.predict('a', { top: 2 }).map(({ token }) => token)).toEqual(['a', '</s>']);
    });
  });

  test('without </s>, the end of a sentence has probability 0', async () => {
    const warnings = await importText(arpa([[-2, '<unk>'], unigrams[0], unigrams[2]], [[-0.4, '<s> a']]));
    expect(warnings).toEqual([expect.stringContaining('the file has no </s>')]);
    await withOpen(at('imported'), (_, loaded) => {
      expect([...loaded.score('a').log10Probs]).toEqual([-0.4, -Infinity]);
      expect(loaded.score('a', { end: false }).log10Prob).toBe(-0.4);
    });
    await exportArpa({ model: at('imported'), file: at('again.arpa') });
    const again = await importArpa({ file: at('again.arpa'), out: at('again'), force: true });
    expect(again.warnings).toEqual(warnings);
  });
});
