import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The test files that take longest, the longest first. They start first, so that no core is idle at the end. */
const LONGEST = [
  'smoothing/mixture',
  'train/resume',
  'model/known-answers',
  'train/determinism',
  'text/tokenizers',
  'cli/bad-input',
  'tools/prune',
  'docs/examples',
  'model/laws',
  'model/predict',
  'text/formats',
  'cli/cli',
  'docs/package',
  'tools/arpa',
  'faults/places',
  'cli/processes',
  'text/tokenizer-json',
  'text/sentencepiece',
  'baseline/baseline',
  'train/merge',
  'text/text',
  'model/decoding',
  'baseline/baseline-texts',
  'tools/arpa-backoffs',
  'faults/long',
  'native-free/native-free',
  'faults/fuzz',
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
