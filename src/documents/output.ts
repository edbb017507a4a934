import { stat } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import * as zlib from 'node:zlib';
import { checkAborted, KneserError, writeError } from '../base/errors.js';
import { writeAtomically } from '../base/node/atomic.js';
import { PendingBytes } from '../base/pending-bytes.js';

/** Lines are collected up to this length, in bytes, and written together. */
const CHUNK_BYTES = 1 << 18;
const NEWLINE = Uint8Array.of(0x0a);

/** The names that an output may have: JSON lines, plain or packed. */
const NAMES = /\.(jsonl|ndjson|json)(\.gz|\.zst)?$/i;

/** The compressor of zstd, which Node has from version 22.15 on. */
const { createZstdCompress } = zlib as { createZstdCompress?: () => Duplex };

/**
 * Refuses an output before any work is done: a name that is not of JSON lines, a compression that this version of Node lacks, or
 * a file that is also an input.
 *
 * @throws KNESER_OPTION, KNESER_OUTPUT_EXISTS
 */
export async function checkOutput(path: string, inputs: readonly string[]): Promise<void> {
  if (!NAMES.test(path)) {
    throw new KneserError(
      'KNESER_OPTION',
      `out: ${path}: its name must say what is written: FILE.jsonl, FILE.jsonl.gz or FILE.jsonl.zst`,
    );
  }
  if (/\.zst$/i.test(path) && !createZstdCompress) {
    throw new KneserError(
      'KNESER_OPTION',
      `out: ${path}: Node ${process.versions.node} cannot write zstd; name it .jsonl.gz, or use Node 22.15 or later`,
    );
  }
  const own = await identity(path);
  for (const input of own === undefined ? [] : inputs) {
    if ((await identity(input)) !== own) continue;
    throw new KneserError('KNESER_OUTPUT_EXISTS', `${path}: is an input, too; name another file as out (--out)`);
  }
}

/** A string that identifies a file: equal for two paths of the same file. */
async function identity(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats && `${stats.dev}/${stats.ino}`;
}

/** The ending of an input's name that says how it is packed: outputs without a name of their own are packed alike. */
export function packingOf(input: string): '.gz' | '.zst' | '' {
  const [, packing = ''] = /(\.gz|\.zst)$/i.exec(input) ?? [];
  return packing.toLowerCase() === '.zst' && !createZstdCompress ? '' : (packing.toLowerCase() as '.gz' | '.zst' | '');
}

/**
 * Writes lines to a file, whole or not at all, packed as its name says.
 *
 * @throws KNESER_DISK_FULL, KNESER_IO, KNESER_OUTPUT_*, and what `lines` throws
 */
export async function writeLines(path: string, lines: AsyncIterable<OutputLine>, signal?: AbortSignal): Promise<void> {
  let cause: Error | undefined;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* chunksOf(lines, signal);
    } catch (error) {
      if (error instanceof Error) cause = error;
      throw error;
    }
  };
  const through = /\.gz$/i.test(path)
    ? [zlib.createGzip()]
    : /\.zst$/i.test(path) && createZstdCompress
      ? [createZstdCompress()]
      : [];
  try {
    await writeAtomically(path, chunks(), ...through);
  } catch (error) {
    throw cause ?? writeError(path, error);
  }
}

/** A line of an output. */
export interface OutputLine {
  /** Writes the line without a line feed. */
  writeTo(out: PendingBytes): void;
}

/** Lines joined to larger pieces, a line feed behind each. */
export async function* chunksOf(
  lines: AsyncIterable<OutputLine>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const pending = new PendingBytes(2 * CHUNK_BYTES);
  for await (const line of lines) {
    line.writeTo(pending);
    pending.add(NEWLINE);
    if (pending.length < CHUNK_BYTES) continue;
    checkAborted(signal, 'writing documents');
    yield pending.view().slice();
    pending.clear();
  }
  if (pending.length > 0) yield pending.view().slice();
}
