import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, the longest first: they start first, so that no core is idle at the end. */
const LONGEST = [
  'smoothing/mixture',
  'train/determinism',
  'cli/bad-input',
  'tools/prune',
  'train/resume',
  'tools/arpa',
  'cli/cli',
  'model/known-answers',
  'model/laws',
  'text/formats',
  'text/tokenizers',
  'faults/long',
  'baseline/baseline-texts',
  'native-free/native-free',
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
