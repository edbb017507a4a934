#!/usr/bin/env node
/**
 * The command line. This folder has one file for each command, with its arguments, flags, help, examples and output.
 * `commands.ts` lists the commands, `run.ts` runs one, and this file, `main.ts`, is the process.
 *
 * Commands are thin. They read flags, call the library and print results to standard output, everything else to standard error.
 * The library checks values. The other files have code that several commands use: sets of flags (`documents.ts`,
 * `smoothing.ts`, `tokenization.ts`, `vocabulary.ts`), functions that read values of flags (`values.ts`) and lines of input
 * (`lines.ts`), output, progress and interruption.
 */
import { standard } from '../base/node/standard-streams.js';
import { stopOnSignals } from './interruption.js';
import { reportError } from './report-error.js';
import { runCommandLine } from './run.js';

stopOnSignals();
standard.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') error.message = `standard output: ${error.message}`;
  process.exit(reportError(error));
});
// Where messages cannot be written, the work goes on.
standard.stderr.on('error', () => undefined);
process.exitCode = await runCommandLine(process.argv.slice(2));
