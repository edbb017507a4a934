import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { exportArpa, importArpa, type LanguageModel, type LoadedModel } from '#kneser/src/index.js';
import { temporaryFolder, withOpen } from '../../support/models.js';

const folder = temporaryFolder('arpa-toolkits');
const at = (name: string): string => join(folder, name);
const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/arpa/${name}`, import.meta.url));

/** Sentences, and by hand for each token, `</s>` too, the terms of its log10 p and the length that matched. */
type ByHand = readonly (readonly [sentence: string, ...tokens: (readonly [terms: number[], matched: number])[]])[];

async function expectScores(out: string, byHand: ByHand): Promise<void> {
  await withOpen(out, async (paged, loaded) => {
    for (const [sentence, ...tokens] of byHand) {
      for (const model of [paged, loaded] as (LanguageModel | LoadedModel)[]) {
        const { log10Probs, matched } = await model.score(sentence);
        expect(Array.from(matched), sentence).toEqual(tokens.map(([, length]) => length));
        tokens.forEach(([terms], t) => {
          expect(log10Probs[t], sentence).toBeCloseTo(
            terms.reduce((sum, term) => sum + term),
            12,
          );
        });
      }
    }
  });
}

describe('ARPA files as they are laid out by', () => {
  test('SRILM', async () => {
    const { warnings, ngrams } = await importArpa({ file: fixture('srilm.arpa'), out: at('srilm') });
    expect(warnings).toEqual([
      'the file has no <unk>: words outside the vocabulary have probability 0; unk (--unk) gives them another',
    ]);
    expect(ngrams).toEqual([5, 4, 1]);
    await expectScores(at('srilm'), [
      ['a b', [[-0.30103], 2], [[-0.1249387], 3], [[-0.60206], 2]],
      ['c c', [[-0.30103, -1], 1], [[-1.5e-5], 2], [[0.04139269, -0.69897], 1]],
      ['a c', [[-0.30103], 2], [[-0.2218487, -0.1760913, -1], 1], [[0.04139269, -0.69897], 1]],
      ['b a', [[-0.30103, -0.69897], 1], [[-0.5228787], 1], [[-0.1760913, -0.69897], 1]],
      ['z', [[-Infinity], 1], [[-0.69897], 1]],
      ['', [[-0.30103, -0.69897], 1]],
    ]);
  });

  test('IRSTLM', async () => {
    const { warnings, ngrams } = await importArpa({ file: fixture('irstlm.arpa'), out: at('irstlm') });
    expect(warnings).toEqual([]);
    expect(ngrams).toEqual([6, 5, 3]);
    await expectScores(at('irstlm'), [
      ['a b', [[-0.39794], 2], [[-0.09691], 3], [[-1.5e-5], 3]],
      ['b z', [[-0.30103, -1], 1], [[-0.823909], 1], [[-0.778151], 1]],
      ['a z c', [[-0.39794], 2], [[-0.221849, -0.124939, -1.20412], 1], [[-1.30103], 1], [[-0.778151], 1]],
      ['b a', [[-0.30103, -1], 1], [[-2.5e-5, -0.90309], 1], [[-0.124939, -0.778151], 1]],
    ]);
    await exportArpa({ model: at('irstlm'), file: at('irstlm.arpa') });
    await importArpa({ file: at('irstlm.arpa'), out: at('again') });
    await expectScores(at('again'), [
      ['b a', [[-0.30103, -1], 1], [[-2.5e-5, -0.90309], 1], [[-0.124939, -0.778151], 1]],
    ]);
  });

  test.each(['srilm.arpa', 'irstlm.arpa'])('%s under another system: CRLF, spaces for tabs', async name => {
    const text = readFileSync(fixture(name), 'utf8');
    writeFileSync(at(name), text.replaceAll('\n', '\r\n').replaceAll('\t', ' '));
    const [plain, other] = [at('plain'), at('other')];
    await importArpa({ file: fixture(name), out: plain, force: true });
    await importArpa({ file: at(name), out: other, force: true });
    for (const out of [plain, other]) await exportArpa({ model: out, file: `${out}.arpa` });
    expect(readFileSync(`${other}.arpa`, 'utf8')).toBe(readFileSync(`${plain}.arpa`, 'utf8'));
  });
});

describe("IRSTLM's other files are refused", () => {
  test.each([
    ['iARPA\n\n\\data\\\nngram  1=         2\n', /line 1 begins IRSTLM's own kind of file; .*compile-lm --text=yes/],
    ['\niARPA\n', /line 2 begins IRSTLM's own kind/],
    ['qARPA 3 256 256 256\n\n\\data\\\n', /line 1 begins a quantized model of IRSTLM/],
    ['Qblmt 2 10 20\nNumCenters 256 256\n\0\x01', /line 1 begins a binary file of IRSTLM; .*compile-lm --text=yes/],
    ['blmt 3 10 20 30\n\0', /line 1 begins a binary file of IRSTLM/],
  ])('%j', async (text, reason) => {
    writeFileSync(at('refused.arpa'), text);
    const refused = importArpa({ file: at('refused.arpa'), out: at('refused') });
    await expect(refused).rejects.toMatchObject({ code: 'KNESER_INPUT_ARPA' });
    await expect(importArpa({ file: at('refused.arpa'), out: at('refused') })).rejects.toThrow(reason);
  });
});
