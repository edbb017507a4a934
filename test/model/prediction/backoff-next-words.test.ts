import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LanguageModel } from '#kneser/src/index.js';
import { importedModel } from '../../support/arpa.js';
import { temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('backoff-next-words');

test('types that the file lacks are listed with p = 0, as the vocabulary has them', async () => {
  const files = {
    'without <unk>': ['-99 <s>', '-0.3 a', '-0.6 b', '-0.602 </s>'],
    'without </s>': ['-1 <unk>', '-99 <s>', '-0.3 a', '-0.6 b'],
  };
  for (const [name, unigrams] of Object.entries(files)) {
    await using model = await LanguageModel.open(await importedModel(join(folder, 'lacking'), [unigrams]));
    const vocabulary = await model.vocabulary();
    const predicted = await model.predict('', { unknown: true, top: 9 });
    const lacking = name.replace('without ', '');
    expect(predicted).toHaveLength(vocabulary.size);
    expect(predicted.at(-1)).toMatchObject({ token: lacking, probability: 0, log10Prob: -Infinity, matched: 1 });
    const listed = [...(await model.distribution('')).descending({ unknown: true })];
    expect(listed.map(({ token }) => token)).toEqual(predicted.map(({ token }) => token));
    expect(listed.map(({ token }) => token).sort()).toEqual([...vocabulary].sort());
  }
});

test('the most probable tokens are the head of all tokens, also where back-offs make tokens equally probable', async () => {
  const imported = await importedModel(join(folder, 'ties'), [
    ['-1 <unk>', '-99 <s> -inf', '-0.5 </s>', '-3 a -20', '-2 b 0', '-0.60000000000000001 c 0', '-inf d 0', '-0.6 e 0'],
    ['-0.4 <s> d', '-inf <s> e', '-0.3 b c', '-0.3 b d'],
  ]);
  await using model = await LanguageModel.open(imported);
  for (const history of ['', 'a', 'b', 'c', 'never']) {
    for (const unknown of [true, false]) {
      const all = await model.predict(history, { unknown, top: 99 });
      const listed = [...(await model.distribution(history)).descending({ unknown })];
      expect(all.map(({ token }) => token)).toEqual(listed.map(({ token }) => token));
      for (const top of all.keys()) {
        if (top > 0) expect(await model.predict(history, { unknown, top })).toEqual(all.slice(0, top));
      }
    }
  }
});
