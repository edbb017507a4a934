import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { exportArpa, importArpa } from '#kneser/src/index.js';
import { CommandLine } from '../support/command-line.js';
import { temporaryFolder } from '../support/models.js';
import { refusal } from '../support/refusal.js';

const folder = temporaryFolder('import');
const cli = new CommandLine('import-cli');
const fixture = (name: string): string => new URL(`../fixtures/${name}`, import.meta.url).pathname;
const at = (name: string): string => join(folder, name);

describe('the command line', () => {
  test('imports and exports, plain and gzipped, and prints a report', async () => {
    const out = cli.fresh();
    const imported = await cli.run(['import', fixture('kenlm.arpa'), '--out', out]);
    expect(imported).toMatchObject({ status: 0, stdout: '' });
    expect(imported.stderr).toContain(`${out}: order 3, `);
    expect(imported.stderr).toContain(`kneser perplexity ${out} FILE`);
    const [plain, packed] = [cli.fresh('plain') + '.arpa', cli.fresh('packed') + '.arpa.gz'];
    const run = await cli.run(['export', out, '--arpa', plain]);
    expect(run).toMatchObject({ status: 0, stdout: '' });
    expect(run.stderr).toContain(`${plain}: order 3, `);
    expect(await cli.run(['export', out, '--arpa', packed, '--quiet'])).toEqual({ status: 0, stdout: '', stderr: '' });
    const text = readFileSync(plain);
    expect(gunzipSync(readFileSync(packed)).equals(text)).toBe(true);
    for (const [file, input] of [[packed], ['-', text]] as const) {
      const other = cli.fresh();
      const quiet = await cli.run(['import', file, '--out', other, '--quiet'], input ? { input } : {});
      expect(quiet).toEqual({ status: 0, stdout: '', stderr: '' });
      await cli.print(['export', other, '--arpa', packed, '-q']);
      expect(gunzipSync(readFileSync(packed)).equals(text)).toBe(true);
    }
    const inspected = await cli.print(['inspect', out]);
    expect(inspected).toContain('order 3, a back-off model without counts, vocabulary 60');
    expect(inspected).not.toMatch(/D1|\d tokens/);
    expect(await cli.refuse(2, ['import', plain, '--out', out])).toContain('--force');
    await cli.print(['import', plain, '--out', out, '--force', '-q']);
    expect(await cli.refuse(2, ['tune', out, cli.file('a b\n')])).toContain('no counts to');
    expect(await cli.refuse(2, ['import', cli.fresh(), '--out', cli.fresh()])).toContain('there is no such file');
    expect(await cli.refuse(2, ['import', out, '--out', cli.fresh()])).toContain('is a folder');
  });

  test('recognises counts by the first line of a file, also with a count that it refuses', async () => {
    const recognised = async (text: string): Promise<unknown> => {
      const run = await cli.run(['import', cli.file(text), '--out', cli.fresh(), '--json', '-q']);
      return run.status === 0 ? 'order' in (JSON.parse(run.stdout) as object) : run.stderr.replace(/^.*?: .*?: /, '');
    };
    for (const line of ['the old keeper\t17', 'the old keeper 17', ' the\t1998\t17\t5', 'the\t1998,17,5', 'the 17\r']) {
      expect(await recognised(`${line}\n`)).toBe(true);
    }
    for (const line of ['the dog\\t2.5', 'the dog\\t-3', 'the dog .5', 'the dog 1e3']) {
      expect(await recognised(`${line.replace('\\t', '\t')}\n`)).toBe(
        `line 1 has a count that is not a whole number; write how often the n-gram occurs ("${line}")\n`,
      );
    }
    const arpa = readFileSync(fixture('kenlm.arpa'), 'utf8');
    for (const before of ['\n', 'a model of 2019\n\n', '# order\t3\n'])
      expect(await recognised(before + arpa)).toBe(true);
    expect(await recognised('the cat sat 17 times\n')).toContain(
      'has no line \\data\\; this is no ARPA file; n-gram counts are read with --counts (importCounts)',
    );
  });

  test.skipIf(process.platform === 'win32')('reads an ARPA file from a pipe', async () => {
    const pipe = cli.fresh('pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const importing = cli.run(['import', pipe, '--out', cli.fresh(), '-q']);
    await writeFile(pipe, readFileSync(fixture('kenlm.arpa')));
    expect(await importing).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('never replaces anything but a file, and leaves no temporary file', async () => {
    const out = cli.fresh();
    await importArpa({ file: fixture('kenlm.arpa'), out });
    const inside = cli.fresh('folder');
    mkdirSync(inside);
    const socket = join(inside, 'socket');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    try {
      for (const path of [inside, socket]) {
        expect(await cli.refuse(2, ['export', out, '--arpa', path, '-q'])).toContain(
          `${path}: is a folder or a device`,
        );
      }
      expect(readdirSync(inside)).toEqual(['socket']);
    } finally {
      server.close();
    }
  });

  test('an import or an export that is stopped leaves nothing behind', async () => {
    const [out, file] = [at('stopped'), at('stopped.arpa')];
    await importArpa({ file: fixture('kenlm.arpa'), out: at('imported'), force: true });
    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: () => controller.abort() };
    expect((await refusal(importArpa({ file: fixture('kenlm.arpa'), out, ...options }))).code).toBe('KNESER_ABORTED');
    expect((await refusal(exportArpa({ model: at('imported'), file, ...options }))).code).toBe('KNESER_ABORTED');
    expect(readdirSync(folder).filter(name => name.startsWith('stopped'))).toEqual([]);
  });
});
