import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A Python program: it gets the paths of a tokenizer and a text, and tokenizes the text once for each line of standard input, on one core. */
const PROGRAM = `
import sys
kind, path, text = sys.argv[1:]
lines = open(text, encoding='utf-8', newline='\\n').read().split('\\n')
if kind == 'tokenizers':
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    run = lambda: tokenizer.encode_batch_fast(lines, add_special_tokens=False)
else:
    import sentencepiece
    processor = sentencepiece.SentencePieceProcessor(model_file=path)
    run = lambda: processor.encode(lines, out_type=int, num_threads=1)
print('ready', flush=True)
for _ in sys.stdin:
    run()
    print('done', flush=True)
`;

/** The Python packages that cut text as kneser does. */
export type PythonPackage = 'tokenizers' | 'sentencepiece';

const PYTHON = process.env.PYTHON ?? 'python3';
/** The Rust library gets one thread, like kneser in this comparison. */
const ENVIRONMENT = { ...process.env, TOKENIZERS_PARALLELISM: 'false', RAYON_NUM_THREADS: '1' };

/** The version of a package in the Python that the variable PYTHON names (default `python3`); `undefined` if there is none. */
export function pythonPackage(name: PythonPackage): string | undefined {
  const { status, stdout } = spawnSync(PYTHON, ['-c', `import ${name}; print(${name}.__version__)`], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** A process of Python that tokenizes a text as often as it is asked. */
export class PythonTokenizer {
  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly answers: AsyncIterator<string>,
  ) {}

  /** Starts the process, and waits until it has read the tokenizer and the text. @param path the path of the tokenizer's file. @param text the path of the text. */
  static async open(name: PythonPackage, path: string, text: string): Promise<PythonTokenizer> {
    const child = spawn(PYTHON, ['-c', PROGRAM, name, path, text], { env: ENVIRONMENT });
    child.stderr.pipe(process.stderr);
    const opened = new PythonTokenizer(child, createInterface(child.stdout)[Symbol.asyncIterator]());
    await opened.answer();
    return opened;
  }

  /** Tokenizes the text once. */
  async run(): Promise<void> {
    this.child.stdin.write('\n');
    await this.answer();
  }

  close(): void {
    this.child.stdin.end();
  }

  private async answer(): Promise<void> {
    if ((await this.answers.next()).done) throw new Error(`${PYTHON} ended before it had tokenized the text`);
  }
}
