import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** The codes of errors.ts with their exit codes and comments, in their order. */
function documentedCodes(): { code: string; exit: string; text: string | undefined }[] {
  const source = readFileSync(join(ROOT, 'src/base/errors.ts'), 'utf8');
  const table = /interface ExitCodes \{\n(.*?)\n\}/s.exec(source)?.[1] ?? '';
  const rows = table.matchAll(/(?:\/\*\*((?:(?!\*\/).)*)\*\/\s*)?(KNESER_\w+): (\d+);/gs);
  return [...rows].map(([, text, code, exit]) => ({
    code,
    exit,
    text: (text as string | undefined)?.replace(/\s*\n\s*\*\s*/g, ' ').trim(),
  }));
}

it('every error code has a cause and a remedy, and docs/errors.md has them all', async () => {
  const codes = documentedCodes();
  const used = readFileSync(join(ROOT, 'src/base/errors.ts'), 'utf8').match(/^ {2}KNESER_\w+: \d+;/gm) ?? [];
  expect(codes.length).toBe(used.length);
  for (const { code, text } of codes) {
    // Cause and remedy are at least two sentences.
    expect(text?.match(/[.;]( |$)/g)?.length ?? 0, code).toBeGreaterThan(1);
  }
  const page = `# Errors

Every error that a caller can meet is a \`KneserError\` with a stable \`code\`; its message names the file, line or option at
fault and the remedy. The command prints the message on standard error and ends with the exit code below: 2 if you must change
something before you call again, 1 if the work failed on the way, 130 if it was interrupted. \`test/docs/errors.test.ts\` fails if this
page differs from the comments in \`src/base/errors.ts\`, and rewrites the page with \`-u\`.
${codes.map(({ code, exit, text }) => `\n## ${code}\n\nExit code ${exit}. ${text ?? ''}\n`).join('')}`;
  await expect(page).toMatchFileSnapshot(join(ROOT, 'docs/errors.md'));
});
