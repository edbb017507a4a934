import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The modules that a declaration file names: in `from '…'`, `import '…'` and `import('…')`. */
const MODULE = /(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g;
const COMMENT = /\/\*[\s\S]*?\*\//g;

/**
 * The declaration files in `dist` that no entry of the package leads to, relative to `dist`, sorted: the types of the inner code, which the
 * package leaves out.
 *
 * @param entries the declaration files of the entries.
 */
export function unusedDeclarations(dist: string, entries: readonly string[]): string[] {
  const used = new Set<string>();
  const follow = (path: string): void => {
    if (used.has(path) || !existsSync(path)) return;
    used.add(path);
    const code = readFileSync(path, 'utf8').replace(COMMENT, '');
    for (const [, name] of code.matchAll(MODULE)) {
      const module = name.replace(/\.js$/, '.d.ts');
      if (module.startsWith('#kneser/')) follow(join(dist, module.slice('#kneser/'.length)));
      else if (module.startsWith('.')) follow(join(dirname(path), module));
    }
  };
  entries.forEach(follow);
  return readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.d.ts') && !used.has(join(dist, path)))
    .sort();
}
