import { describe, expect, test } from 'vitest';
import { CORPORA, type Corpus } from '#kneser/corpora/catalog.js';

describe('catalog', () => {
  const corpora: Corpus[] = Object.values(CORPORA);

  test.each(corpora.map(corpus => [corpus.name, corpus] as const))('%s is complete', (name, corpus) => {
    expect(CORPORA[name]).toBe(corpus);
    expect(new URL(corpus.publishedAt).protocol).toMatch(/^https?:$/);
    expect(corpus.splits.train).toBeDefined();
    for (const split of Object.values(corpus.splits)) {
      if (split.sha256 !== undefined) expect(split.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    for (const figure of corpus.published) {
      expect(corpus.splits[figure.split]).toBeDefined();
      expect(figure.source).toMatch(/\b\d{4}\b.*Table/);
    }
  });
});
