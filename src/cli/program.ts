import { standard } from '../base/node/standard-streams.js';
import { stopOnSignals } from './interruption.js';
import { reportError } from './report-error.js';
import { runCommandLine } from './run.js';

/** Runs the command that the process was started with, and sets the exit code. */
export async function runProgram(): Promise<void> {
  stopOnSignals();
  standard.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') error.message = `standard output: ${error.message}`;
    process.exit(reportError(error));
  });
  // Where messages cannot be written, the work goes on.
  standard.stderr.on('error', () => undefined);
  process.exitCode = await runCommandLine(process.argv.slice(2));
}
