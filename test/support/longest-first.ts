import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The test files that take longest, the longest first. They start first, so that no core is idle at the end. */
export const LONGEST: readonly string[] = [
  'smoothing/mixture',
  'train/resume',
  'cli/bad-input',
  'tools/prune',
  'model/known-answers',
  'train/determinism',
  'docs/examples',
  'text/tokenization',
  'cli/processes',
  'model/laws',
  'model/scoring/block-threads',
  'cli/cli',
  'text/formats',
  'text/tokenizer-json',
  'faults/long',
  'faults/fuzz',
  'baseline/baseline',
  'faults/places',
  'model/generation/predict',
  'decoding/ctc-beam-search',
  'documents/profile',
  'documents/annotate',
  'tools/arpa/import',
  'train/stages/choose-vocabulary',
  'cli/train',
  'docs/package',
  'text/sentencepiece',
  'model/scoring/vector',
  'train/merge',
  'native-free/native-free',
  'faults/many',
  'base/version',
  'tables/index-tables',
  'tools/arpa/export',
  'train/import-counts',
  'baseline/texts',
  'base/node/worker-options',
  'count/sort',
  'train/failures',
  'model/scoring/sentence-scoring',
  'model/generation/generate',
  'documents/weigh',
  'model/loaded-model',
];

/** Runs the longest files first; the others in the order that Vitest gives them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex(name => moduleId.endsWith(`test/${name}.test.ts`));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
