import type { CreateTarget } from './target.js';

/** The parsers, each loaded when it is run. */
export const TARGETS: Readonly<Record<string, CreateTarget>> = {
  text: async folder => (await import('./texts.js')).text(folder),
  gzip: async folder => (await import('./texts.js')).gzip(folder),
  zstd: async folder => (await import('./texts.js')).zstd(folder),
  jsonl: async folder => (await import('./texts.js')).jsonl(folder),
  parquet: async folder => (await import('./parquet.js')).parquet(folder),
  spark: async folder => (await import('./parquet.js')).spark(folder),
  vocabulary: async folder => (await import('./texts.js')).vocabulary(folder),
  tokens: async folder => (await import('./tables.js')).tokens(folder),
  arpa: async folder => (await import('./tables.js')).arpa(folder),
  counts: async folder => (await import('./tables.js')).counts(folder),
  tokenizer: async folder => (await import('./tokenizer.js')).tokenizer(folder),
  sentencepiece: async folder => (await import('./sentencepiece.js')).sentencepiece(folder),
  values: async folder => (await import('./values.js')).values(folder),
  blocks: async folder => (await import('./blocks.js')).blocks(folder),
  store: async folder => (await import('./model.js')).store(folder),
  packed: async folder => (await import('./packed.js')).packed(folder),
  addresses: async folder => (await import('./addresses.js')).addresses(folder),
  pointer: async folder => (await import('./model.js')).pointer(folder),
  files: async folder => (await import('./model.js')).files(folder),
};
