import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { LanguageModel, train } from '../../src/index.js';
import { judgeFailure, kneser, type CommandOptions, type CommandResult } from './command.js';
import { mountDisk } from './disk.js';
import { isChosen, type Fault, type FaultOptions } from './fault.js';
import { listing, withFolder, writeText } from './folder.js';

/** The id of a user without rights. */
const NOBODY = 65_534;
const SENTENCES = 'word1 word2 word3\nword5 nothing word1\n';

/** Names of model folders. */
export const PATHS = [
  'with spaces',
  'e\u0301tude',
  '\u{1f9ea} модель 模型',
  'two\nlines',
  'quote\'d "name"',
  '-dash',
  '%20',
  'ends.',
];

/** An unusual place, and the wrong behaviour there, if any. */
export interface PlaceCase {
  readonly name: string;
  readonly problem: string | undefined;
}

/** Runs commands in folders without the right to write, on a read-only disk, with few file descriptors, and at unusual paths. */
export const places: Fault = async options => {
  const cases = await tryPlaces(options);
  const wrong = cases.filter(({ problem }) => problem !== undefined);
  const count = (of: readonly PlaceCase[], group: string): string =>
    String(of.filter(({ name }) => name.startsWith(`${group}:`)).length);
  const groups = [...new Set(cases.map(({ name }) => name.split(':')[0]))];
  return {
    head: ['', 'cases', 'wrong'],
    rows: groups.map(group => [group, count(cases, group), count(wrong, group)]),
    broken: wrong.map(({ name, problem }) => `${name}: ${problem}`),
  };
};

/** Tries the places of the chosen groups. Without the rights of the superuser, places that need them are left out. */
async function tryPlaces(options: FaultOptions): Promise<PlaceCase[]> {
  return await withFolder(async folder => {
    chmodSync(folder, 0o755);
    const places = new Places(folder, options.seed);
    await places.prepare();
    const isSuperuser = process.getuid?.() === 0;
    if (isSuperuser && isChosen('denied', options)) await places.denied();
    if (isSuperuser && isChosen('read-only disk', options)) await places.readOnlyDisk();
    if (isChosen('descriptors', options)) await places.descriptors();
    if (isChosen('path', options)) await places.paths();
    return places.cases;
  });
}

class Places {
  readonly cases: PlaceCase[] = [];
  private readonly text: string;
  private readonly model: string;
  /** A model that can be pruned. */
  private readonly plain: string;
  private right = '';

  constructor(
    private readonly folder: string,
    seed: number,
  ) {
    this.text = writeText(join(folder, 'text.txt'), { sentences: 300, types: 800, seed });
    this.model = join(folder, 'model');
    this.plain = join(folder, 'plain');
  }

  async prepare(): Promise<void> {
    await train({ files: [this.text], out: this.model, order: 3, patterns: { skip: true } });
    await train({ files: [this.text], out: this.plain, order: 2 });
    this.right = (await this.score(this.model)).stdout;
  }

  /** Places that belong to another user: a model, and folders in which the command may not write. */
  async denied(): Promise<void> {
    const { model, text, folder } = this;
    const temporary = join(folder, 'of-nobody');
    mkdirSync(temporary, { mode: 0o777 });
    chmodSync(temporary, 0o777);
    const nobody: CommandOptions = { uid: NOBODY, temporary };
    this.add('denied: score', this.judgeScore(await this.score(model, nobody)));
    const before = await listing(folder);
    const refused = async (name: string, args: readonly string[], options = nobody): Promise<void> => {
      const result = await kneser(args, options);
      this.add(`denied: ${name}`, judgeFailure(result, 2, /no permission|EACCES|EPERM/));
    };
    const arpa = join(folder, 'new.arpa');
    await refused('tune', ['tune', model, text]);
    await refused('train --force', ['train', text, '--out', model, '--force']);
    await refused('train', ['train', text, '--out', join(folder, 'new')]);
    await refused('prune', ['prune', this.plain, '--out', join(folder, 'new'), '--prune', '0,1']);
    await refused('export', ['export', model, '--arpa', arpa]);
    await refused('vector', ['vector', model, text, '--html', join(folder, 'new.html')]);
    const texts = ['--train', text, '--valid', text, '--test', text];
    await refused('baseline', ['baseline', ...texts, '--orders', '2', '--out', join(folder, 'new')]);
    await refused('temporary folder', ['score', model, text], { uid: NOBODY, temporary: folder });
    if ((await listing(folder)) !== before) this.add('denied: listing', 'left something behind');
    const secret = join(folder, 'secret');
    await train({ files: [text], out: secret, order: 2 });
    for (const part of ['generation-1/tables', 'kneser.json', '.']) {
      chmodSync(join(secret, part), 0);
      const result = await kneser(['inspect', secret], nobody);
      this.add(`denied: unreadable ${part}`, judgeFailure(result, 2, /cannot be read/));
      chmodSync(join(secret, part), 0o755);
    }
    rmSync(secret, { recursive: true });
  }

  async readOnlyDisk(): Promise<void> {
    const path = join(this.folder, 'disk');
    mkdirSync(path);
    const disk = mountDisk(path, 32 << 20);
    // Without the right to mount a disk, this group has no cases.
    if (typeof disk === 'string') return;
    try {
      const model = join(path, 'model');
      await train({ files: [this.text], out: model, order: 3, patterns: { skip: true } });
      disk.setReadOnly(true);
      this.add('read-only disk: score', this.judgeScore(await this.score(model)));
      const readOnly = /\(EROFS\)|read-only/;
      const commands = [
        ['tune', model, this.text],
        ['train', this.text, '--out', model, '--force'],
        ['train', this.text, '--out', join(path, 'new')],
        ['prune', this.plain, '--out', join(path, 'new'), '--prune', '0,1'],
        ['export', model, '--arpa', join(path, 'new.arpa')],
      ];
      for (const args of commands) {
        this.add(`read-only disk: ${args[0]}`, judgeFailure(await kneser(args), 2, readOnly));
      }
      const result = await this.score(this.model, { temporary: path });
      this.add('read-only disk: temporary folder', judgeFailure(result, 2, readOnly));
    } finally {
      disk.unmount();
    }
  }

  /** Ever fewer file descriptors: the answers must be right, or an error must say that too many files are open. Node itself needs about twenty. */
  async descriptors(): Promise<void> {
    const commands: [string, (out: string) => string[]][] = [
      ['score', () => ['score', this.model, '--json']],
      ['train', out => ['train', this.text, '--out', out, '--skip', '--force', '--quiet']],
      ['verify', () => ['verify', this.model, '--quiet']],
    ];
    for (const [name, args] of commands) {
      for (let descriptors = 20; descriptors <= 44; descriptors += 2) {
        const out = join(this.folder, 'few');
        const result = await kneser(args(out), { descriptors, input: SENTENCES });
        let problem: string | undefined;
        if (result.code === 0) problem = name === 'score' ? this.judgeScore(result) : undefined;
        else if (!/libuv|node::|node:internal/.test(result.stderr))
          problem = judgeFailure(result, 1, /too many|EMFILE/i);
        this.add(`descriptors: ${name} with ${descriptors}`, problem);
      }
    }
  }

  async paths(): Promise<void> {
    const { folder, text } = this;
    for (const name of PATHS) await this.addPath(name, join(folder, name));
    await this.addPath('long', join(folder, ...Array.from({ length: 12 }, () => 'x'.repeat(200))));
    const parent = join(folder, 'relative');
    mkdirSync(parent);
    await this.addPath('relative', 'model', { cwd: parent });
    await this.addPath('with dots', '../relative/./model', { cwd: parent });
    await this.addPath('trailing slash', `${join(folder, 'slash')}/`);
    symlinkSync(join(folder, 'with spaces'), join(folder, 'symlink'));
    await this.addPath('symbolic link', join(folder, 'symlink'));
    const tooLong = await kneser(['train', text, '--out', join(folder, 'x'.repeat(256))]);
    this.add('path: name of 256 bytes', judgeFailure(tooLong, 2, /longer than/));
    const missing = await kneser(['inspect', join(folder, 'x'.repeat(256))]);
    this.add('path: name of 256 bytes, to read', judgeFailure(missing, 2, /ENAMETOOLONG/));
    const temporary = join(folder, '\u{1f9ea} temporary');
    mkdirSync(temporary);
    this.add('path: temporary folder', this.judgeScore(await this.score(this.model, { temporary })));
    const relativeTemporary = await this.score(this.model, { cwd: folder, temporary: basename(temporary) });
    this.add('path: relative temporary folder', this.judgeScore(relativeTemporary));
    this.add('path: changed folder', await this.changeFolder());
  }

  /** Opens a model by a relative path, then changes the working folder. */
  private async changeFolder(): Promise<string | undefined> {
    const home = process.cwd();
    try {
      await using model = await LanguageModel.open(relative(home, this.model), { tables: 'page' });
      process.chdir(this.folder);
      const [line] = this.right.split('\n');
      const { log10Prob } = await model.score(SENTENCES.split('\n')[0]);
      return log10Prob === (JSON.parse(line) as { log10Prob: number }).log10Prob ? undefined : 'a wrong answer';
    } finally {
      process.chdir(home);
    }
  }

  /** Trains, tunes and scores at a path. */
  private async addPath(name: string, path: string, options: CommandOptions = {}): Promise<void> {
    const separator = path.startsWith('-') ? ['--'] : [];
    const trained = await kneser(
      ['train', this.text, `--out=${path}`, '--order=3', '--skip', '--hold-out=0', '--classes=0', '--quiet', '--force'],
      options,
    );
    const tuned = await kneser(['tune', '--name=other', '--quiet', ...separator, path, this.text], options);
    const failed = [trained, tuned].find(({ code }) => code !== 0);
    const result = failed ?? (await this.score(path, options));
    this.add(`path: ${JSON.stringify(name)}`, failed ? failed.stderr : this.judgeScore(result));
  }

  private score(model: string, options: CommandOptions = {}): Promise<CommandResult> {
    return kneser(['score', model, '--json'], { ...options, input: SENTENCES });
  }

  private judgeScore({ code, stdout, stderr }: CommandResult): string | undefined {
    if (code !== 0) return `ended with ${code}: ${stderr.trim()}`;
    return stdout === this.right ? undefined : 'other answers';
  }

  private add(name: string, problem: string | undefined): void {
    this.cases.push({ name, problem });
  }
}
