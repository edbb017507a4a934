import type { Readable, Writable } from 'node:stream';
import { FileOutput, isRegularFile } from './file-output.js';

/** The path that stands for standard input. */
export const STDIN = '-';

/** An output stream of a command; `isTTY` is true if a terminal shows it. */
export type Output = Writable & { readonly isTTY?: boolean };

/** The three streams of a command. */
export interface StandardStreams {
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
}

/** The file descriptor of standard output. */
const STDOUT = 1;
/** Standard output, once a command has asked for it. */
let stdout: Output | undefined;

/** The streams of the process. */
export const PROCESS_STREAMS: StandardStreams = {
  // Getters, because the process opens its streams at the first use.
  get stdin() {
    return process.stdin;
  },
  get stdout() {
    // Into a file our own stream: Node's loses bytes without an error when the disk becomes full.
    return (stdout ??= isRegularFile(STDOUT) ? new FileOutput(STDOUT) : process.stdout);
  },
  get stderr() {
    return process.stderr;
  },
};

let streams = PROCESS_STREAMS;
let isRunning = false;

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

/** Runs `work` with other standard streams. @throws Error while another call runs: the two would mix their output. */
export async function withStreams<T>(given: StandardStreams, work: () => Promise<T>): Promise<T> {
  if (isRunning) throw new Error('another command still runs in this process');
  isRunning = true;
  streams = given;
  try {
    return await work();
  } finally {
    streams = PROCESS_STREAMS;
    isRunning = false;
  }
}
