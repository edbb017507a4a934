import type { Readable, Writable } from 'node:stream';
import { FileOutput, isFileDescriptor } from './file-output.js';

/** The path that stands for standard input. */
export const STDIN = '-';

/** An output stream; `isTTY` is true if a terminal shows it. */
export type Output = Writable & { readonly isTTY?: boolean };

/** The three streams of a command. */
export interface StandardStreams {
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
}

/** The file descriptor of standard output. */
const STDOUT = 1;
let fileOutput: FileOutput | undefined;

/** The streams of the process. */
export const PROCESS_STREAMS: StandardStreams = {
  // Getters, because the process opens its streams at the first use.
  get stdin() {
    return process.stdin;
  },
  get stdout() {
    if (isFileDescriptor(STDOUT)) fileOutput ??= new FileOutput(STDOUT);
    return fileOutput ?? process.stdout;
  },
  get stderr() {
    return process.stderr;
  },
};

let streams = PROCESS_STREAMS;

/** The streams of the command that runs: the streams of the process, unless {@link withStreams} replaced them. */
export const standard: StandardStreams = {
  get stdin() {
    return streams.stdin;
  },
  get stdout() {
    return streams.stdout;
  },
  get stderr() {
    return streams.stderr;
  },
};

/** Runs `work` with other standard streams. Only one call may run at a time, because two would mix their output. */
export async function withStreams<T>(given: StandardStreams, work: () => Promise<T>): Promise<T> {
  const before = streams;
  streams = given;
  try {
    return await work();
  } finally {
    streams = before;
  }
}
