import { createHash, type Hash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLevelStore } from '../../src/store/folder/leveldb.js';

/** A digest of all keys and values of a model, and of its sets of weights. */
export async function modelDigest(path: string): Promise<string> {
  const { generation } = JSON.parse(await readFile(join(path, 'kneser.json'), 'utf8')) as { generation: string };
  const copy = await mkdtemp(join(tmpdir(), 'kneser-content-'));
  try {
    // LevelDB writes into the folder that it opens.
    await cp(join(path, generation, 'tables'), copy, { recursive: true });
    const hash = createHash('sha256');
    const store = await openLevelStore(copy, path);
    for await (const [key, value] of store.entries()) add(add(hash, key), value);
    await store.close();
    const weights = join(path, generation, 'weights');
    for (const name of (await readdir(weights).catch((): string[] => [])).sort()) {
      add(add(hash, Buffer.from(name)), await readFile(join(weights, name)));
    }
    return hash.digest('hex');
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

function add(hash: Hash, bytes: Uint8Array): Hash {
  return hash.update(`${bytes.length}:`).update(bytes);
}
