import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * A Python program. Its arguments are the name of a package and the paths of a tokenizer and of a text. It tokenizes the text once for
 * each line of standard input, on one core.
 */
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

/** The Python packages whose tokenizers kneser has, too. */
export type PythonPackage = 'tokenizers' | 'sentencepiece';

/** The program file of Python. */
const PYTHON = process.env.PYTHON ?? 'python3';
/** Gives the Rust library of `tokenizers` one thread, as kneser has in this comparison. */
const ENVIRONMENT = { ...process.env, TOKENIZERS_PARALLELISM: 'false', RAYON_NUM_THREADS: '1' };

/** The version of a package of the Python that the variable PYTHON names (default `python3`); `undefined` if it has no such package. */
export function pythonPackage(name: PythonPackage): string | undefined {
  const { status, stdout } = spawnSync(PYTHON, ['-c', `import ${name}; print(${name}.__version__)`], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** A Python process that tokenizes a text at each call of `run`. */
export class PythonTokenizer {
  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly answers: AsyncIterator<string>,
  ) {}

  /**
   * Starts the process, and waits until it has read the tokenizer and the text.
   *
   * @param path the path of the tokenizer.
   * @param text the path of the text.
   */
  static async open(name: PythonPackage, path: string, text: string): Promise<PythonTokenizer> {
    const child = spawn(PYTHON, ['-c', PROGRAM, name, path, text], { env: ENVIRONMENT });
    child.stderr.pipe(process.stderr);
    const opened = new PythonTokenizer(child, createInterface(child.stdout)[Symbol.asyncIterator]());
    try {
      await opened.answer();
    } catch (error) {
      child.kill();
      throw error;
    }
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

  /** Waits for the next line that the process prints. */
  private async answer(): Promise<void> {
    if ((await this.answers.next()).done) throw new Error(`${PYTHON} ended before it had tokenized the text`);
  }
}
