#!/usr/bin/env node
/**
 * The command line. This folder has one file for each command, with its arguments, flags, help, examples and output.
 * `commands.ts` lists the commands, `run.ts` runs one, `program.ts` is the process, and this file, `main.ts`, loads it: a file that cannot be
 * loaded is an error with a message.
 *
 * Commands are thin. They read flags, call the library and print results to standard output, everything else to standard error.
 * The library checks values. The other files have code that several commands use: sets of flags (`documents.ts`,
 * `smoothing.ts`, `tokenization.ts`, `vocabulary.ts`), functions that read values of flags (`values.ts`) and lines of input
 * (`lines.ts`), output, progress and interruption.
 */
const program = await import('./program.js').catch((error: unknown) => {
  const isOutOfFiles = error instanceof Error && /\bE[MN]FILE\b/.test(error.message);
  const reason = isOutOfFiles ? 'too many files are open; raise the limit (ulimit -n)' : String(error);
  process.stderr.write(`kneser: ${reason}\n`);
  process.exitCode = 1;
});
await program?.runProgram();
