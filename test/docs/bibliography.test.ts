import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = 'docs/bibliography.md';

/** The paths of the files in a folder of the repository, or of the file itself, that end so. */
function filesOf(path: string, ending: RegExp): string[] {
  if (!statSync(join(ROOT, path)).isDirectory()) return [path];
  return readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' })
    .filter(name => ending.test(name))
    .map(name => join(path, name));
}

/** A file as one line, without the stars and slashes of comments. */
function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8').replace(/\n\s*(?:\/\/|\*)?\s*/g, ' ');
}

/** The entries of the page: `- Authors. Year. _Title._ … — use, with files.` */
const ENTRIES = textOf(PAGE)
  .split(/ - (?=\p{Lu})/u)
  .slice(1)
  .map(text => {
    const [, authors, year] = /^(.*?)\.(?: (\d{4}))?\.? _/.exec(text) ?? [];
    return { text, authors, year: year };
  });

const NAME = /(?:(?:De|de) (?:la )?)?\p{Lu}[\p{L}'’-]+/u.source;
/** Such as `Chen & Goodman 1998`, `Brown et al. (1992)`, `Bell, Cleary & Witten 1990`. */
const CITATION = new RegExp(
  `((?:${NAME}, )*${NAME}(?: (?:&|and) ${NAME})?)(?: et al\\.| and others)?,? \\(?((?:19|20)\\d\\d)\\b`,
  'gu',
);
/** Words before a number that is no year of a paper. */
const NOT_NAMES = /^(?:January|February|March|April|May|June|July|August|September|October|November|December|TAB|WMT)$/;

it('every paper that the code and the docs name is on the page', () => {
  const missing: string[] = [];
  let found = 0;
  for (const path of ['src', 'native-free', 'corpora', 'bench', 'docs', 'README.md'].flatMap(part =>
    filesOf(part, /\.(?:ts|md)$/),
  )) {
    if (path === PAGE || path.startsWith('docs/api/')) continue;
    for (const [citation, names, year] of textOf(path).matchAll(CITATION)) {
      const surnames = names.split(/, | & | and /).filter(name => !NOT_NAMES.test(name));
      if (surnames.length === 0) continue;
      found++;
      // In a sentence such as "for Kneser-Ney, Pickhardt et al. (2014)" the last name is that of the paper.
      const isOf = (all: boolean) => (entry: (typeof ENTRIES)[number]) =>
        entry.year === year && surnames[all ? 'every' : 'some'](name => entry.authors.includes(name));
      if (!ENTRIES.some(isOf(true)) && !(citation.includes('et al.') && ENTRIES.some(isOf(false)))) {
        missing.push(`${path}: ${citation}`);
      }
    }
  }
  expect(missing).toEqual([]);
  expect(found).toBeGreaterThan(100);
});

it('every file of the page names the paper, by its first author or its own name', () => {
  const wrong: string[] = [];
  for (const { text, authors } of ENTRIES) {
    const author =
      authors
        .split(/,| and /)[0]
        .split(' ')
        .at(-1) ?? '';
    // The name of a method or program has two capitals: KenLM, DSIR.
    const names = [author, ...(text.match(/[A-Za-z]*[A-Z][A-Za-z]*[A-Z][A-Za-z\d]*/g) ?? [])];
    for (const [, file, page] of text.matchAll(/`((?:src|bench|corpora)\/[^`]+)`|\]\(([\w-]+\.md)/g)) {
      const path = (file as string | undefined) ?? `docs/${page}`;
      const isNamed = filesOf(path, /\.ts$/).some(one => names.some(name => textOf(one).includes(name)));
      if (!isNamed) wrong.push(`${path}: ${author}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(ENTRIES.length).toBeGreaterThan(70);
});
