/**
 * Recognizes kinds of files by their first bytes, and tells how to get text from a file of each kind. The name of a file does not
 * matter. To add a kind, add a row to {@link FILE_KINDS}, a file to test/base/file-kinds.test.ts and run that test with
 * `-u`, which writes the table of docs/formats.md.
 */
import { quoted } from './quoted.js';

/** How many of a file's first bytes are examined. The last magic number is that of tar, at the offsets 257 to 261. */
export const HEAD_BYTES = 4096;

/** A kind of file that is not plain text. */
export interface FileKind {
  /** The name of the kind in code: unique, and the key of the table in docs/formats.md. */
  readonly name: string;
  /** A noun with its article, for messages: `FILE: is …`. */
  readonly what: string;
  /** Whether files of this kind are read as training and test text. */
  readonly isRead?: true;
  /** Whether a file of this kind begins with these bytes, at most {@link HEAD_BYTES}. */
  readonly matches: (head: Uint8Array) => boolean;
  /** The end of a message: how to get text from the file. `$FILE` stands for its path. */
  readonly help: string;
}

type Matcher = FileKind['matches'];

/** Matches files with the bytes `magic`, written as Latin-1, at an offset. */
function bytesAt(offset: number, magic: string): Matcher {
  return head => {
    if (head.length < offset + magic.length) return false;
    for (let i = 0; i < magic.length; i++) if (head[offset + i] !== magic.charCodeAt(i)) return false;
    return true;
  };
}

/** Matches files that begin with one of several byte strings, written as Latin-1. */
function begins(...magics: readonly string[]): Matcher {
  const matchers = magics.map(magic => bytesAt(0, magic));
  return head => matchers.some(matches => matches(head));
}

/** Matches files that all matchers match. */
function all(...matchers: readonly Matcher[]): Matcher {
  return head => matchers.every(matches => matches(head));
}

/**
 * Matches files whose first bytes include a control character that text does not need. It is combined with magic numbers that consist of
 * letters, because a text may begin with these letters.
 */
const isBinary: Matcher = head =>
  head.some(byte => (byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b) || byte === 0x7f);

/** Matches files whose first bytes, read as Latin-1, match an expression. */
function matchesLatin1(expression: RegExp): Matcher {
  return head => expression.test(latin1(head));
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Matches tar archives, which have the letters `ustar` or, before 1988, only a header with a checksum. */
function isTar(head: Uint8Array): boolean {
  if (bytesAt(257, 'ustar')(head)) return true;
  if (head.length < 512 || head[0] === 0) return false;
  const field = latin1(head.subarray(148, 156));
  if (!/^ *[0-7]+[\0 ]+$/.test(field)) return false;
  let sum = 0;
  for (let i = 0; i < 512; i++) sum += i >= 148 && i < 156 ? 0x20 : head[i];
  return sum === parseInt(field, 8);
}

/** Matches Windows programs: they begin with `MZ`, and have `PE` and two NUL at the offset that bytes 60 to 63 hold. */
function isWindowsProgram(head: Uint8Array): boolean {
  if (!begins('MZ')(head) || head.length < 64) return false;
  return bytesAt(new DataView(head.buffer, head.byteOffset).getUint32(60, true), 'PE\0\0')(head);
}

/**
 * Matches SentencePiece models: Protocol Buffers whose first message is a piece, with a score and a type if these are not 0.
 *
 *     0a LENGTH   0a LENGTH piece   15 score (4 bytes)   18 type
 */
function isSentencePiece(head: Uint8Array): boolean {
  const [message, length, field, piece] = head;
  if (message !== 0x0a || field !== 0x0a || ![2, 4, 7, 9].includes(length - piece)) return false;
  return [0x0a, 0x15, 0x18].includes(head[4 + piece]) && isBinary(head);
}

/** Matches safetensors files: the length of a JSON header (8 bytes, little-endian), then the header. */
const isSafetensors = all(bytesAt(4, '\0\0\0\0{"'), isBinary);

const UNPACK = 'unpack it first';
const IMAGE = 'read its text with an OCR program first, such as tesseract $FILE text';
const TABLE = 'write its column of text as JSON lines or Parquet first';
const PANDOC = 'convert it first: pandoc -t plain $FILE -o text.txt';
const WEIGHTS = 'it holds no text';
const PROGRAM = 'it holds no text';

/** The kinds. A file is of the first kind that matches, so that special kinds stand before general ones. */
export const FILE_KINDS: readonly FileKind[] = [
  {
    name: 'gzip',
    what: 'a gzip file',
    isRead: true,
    matches: begins('\x1f\x8b\x08'),
    help: `${UNPACK}: gunzip -k $FILE`,
  },
  {
    name: 'zstd',
    what: 'a Zstandard file',
    isRead: true,
    matches: head => begins('\x28\xb5\x2f\xfd')(head) || (bytesAt(1, '\x2a\x4d\x18')(head) && head[0] >>> 4 === 5),
    help: `${UNPACK}: zstd -dk $FILE`,
  },
  {
    name: 'parquet',
    what: 'a Parquet file',
    isRead: true,
    matches: all(begins('PAR1'), isBinary),
    help: "say format: 'parquet' (--format parquet)",
  },
  {
    name: 'parquet-encrypted',
    what: 'an encrypted Parquet file',
    matches: all(begins('PARE'), isBinary),
    help: 'decrypt it first',
  },

  {
    name: 'bzip2',
    what: 'a bzip2 file',
    matches: matchesLatin1(/^BZh[1-9](1AY&SY|\x17rE8P\x90)/),
    help: `${UNPACK}: bunzip2 -k $FILE`,
  },
  { name: 'xz', what: 'an xz file', matches: begins('\xfd7zXZ\0'), help: `${UNPACK}: xz -dk $FILE` },
  {
    name: 'lzma',
    what: 'an lzma file',
    matches: matchesLatin1(/^\x5d\0\0(\0[\x01-\x10]|[\x01-\x80]\0)[^]{8}/),
    help: `${UNPACK}: xz -dk --format=lzma $FILE`,
  },
  { name: 'lzip', what: 'an lzip file', matches: begins('LZIP\x01'), help: `${UNPACK}: lzip -dk $FILE` },
  {
    name: 'lz4',
    what: 'an LZ4 file',
    matches: begins('\x04\x22\x4d\x18', '\x02\x21\x4c\x18'),
    help: `${UNPACK}: lz4 -dk $FILE`,
  },
  { name: 'lzop', what: 'an lzop file', matches: begins('\x89LZO\0\r\n\x1a\n'), help: `${UNPACK}: lzop -d $FILE` },
  { name: 'snappy', what: 'a Snappy file', matches: begins('\xff\x06\0\0sNaPpY'), help: `${UNPACK}: snzip -dk $FILE` },
  {
    name: 'compress',
    what: 'a file packed by compress',
    matches: begins('\x1f\x9d'),
    help: `${UNPACK}: gunzip -k $FILE`,
  },
  {
    name: 'epub',
    what: 'an EPUB book',
    matches: matchesLatin1(/^PK\x03\x04[^]{26}mimetypeapplication\/epub\+zip/),
    help: PANDOC,
  },
  {
    name: 'opendocument',
    what: 'an OpenDocument file',
    matches: matchesLatin1(/^PK\x03\x04[^]{26}mimetypeapplication\/vnd\.oasis/),
    help: PANDOC,
  },
  {
    name: 'office',
    what: 'a document of Word, Excel or PowerPoint',
    matches: matchesLatin1(/^PK\x03\x04[^]{26}(\[Content_Types\]\.xml|_rels\/|word\/|xl\/|ppt\/|docProps\/)/),
    help: PANDOC,
  },
  {
    name: 'zip',
    what: 'a zip archive',
    matches: begins('PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'),
    help: `${UNPACK}: unzip $FILE`,
  },
  { name: 'tar', what: 'a tar archive', matches: isTar, help: `${UNPACK}, and name its files: tar xf $FILE` },
  { name: '7z', what: 'a 7z archive', matches: begins('7z\xbc\xaf\x27\x1c'), help: `${UNPACK}: 7z x $FILE` },
  { name: 'rar', what: 'a RAR archive', matches: begins('Rar!\x1a\x07'), help: `${UNPACK}: unrar x $FILE` },
  { name: 'cab', what: 'a cabinet archive', matches: begins('MSCF\0\0\0\0'), help: `${UNPACK}: 7z x $FILE` },
  { name: 'ar', what: 'an ar archive', matches: begins('!<arch>\n'), help: `${UNPACK}: ar x $FILE` },
  { name: 'rpm', what: 'an RPM package', matches: begins('\xed\xab\xee\xdb'), help: `${UNPACK}: 7z x $FILE` },

  { name: 'pdf', what: 'a PDF', matches: begins('%PDF-'), help: 'write its text first: pdftotext $FILE' },
  {
    name: 'postscript',
    what: 'a PostScript file',
    matches: begins('%!PS-'),
    help: 'write its text first: ps2ascii $FILE',
  },
  { name: 'rtf', what: 'an RTF document', matches: begins('{\\rtf'), help: PANDOC },
  {
    name: 'ole',
    what: 'an old document of Microsoft Office',
    matches: begins('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'),
    help: 'convert it first: libreoffice --headless --convert-to txt $FILE',
  },
  {
    name: 'djvu',
    what: 'a DjVu document',
    matches: all(begins('AT&TFORM'), isBinary),
    help: 'write its text first: djvutxt $FILE',
  },

  { name: 'png', what: 'a PNG image', matches: begins('\x89PNG\r\n\x1a\n'), help: IMAGE },
  { name: 'jpeg', what: 'a JPEG image', matches: begins('\xff\xd8\xff'), help: IMAGE },
  { name: 'gif', what: 'a GIF image', matches: all(begins('GIF87a', 'GIF89a'), isBinary), help: IMAGE },
  { name: 'webp', what: 'a WebP image', matches: all(begins('RIFF'), bytesAt(8, 'WEBP')), help: IMAGE },
  { name: 'tiff', what: 'a TIFF image', matches: begins('II*\0', 'MM\0*'), help: IMAGE },
  { name: 'bmp', what: 'a BMP image', matches: all(begins('BM'), bytesAt(6, '\0\0\0\0')), help: IMAGE },
  { name: 'ico', what: 'an icon', matches: begins('\0\0\x01\0'), help: IMAGE },
  {
    name: 'heif',
    what: 'a HEIF or AVIF image',
    matches: matchesLatin1(/^\0\0\0[^]ftyp(heic|heix|mif1|msf1|avif|avis)/),
    help: IMAGE,
  },
  {
    name: 'audio-video',
    what: 'a sound or video file',
    matches: head =>
      begins('OggS\0', 'fLaC\0', '\x1aE\xdf\xa3', 'ID3\x02', 'ID3\x03', 'ID3\x04', '\xff\xfb', '\xff\xf3')(head) ||
      matchesLatin1(/^(RIFF[^]{4}(WAVE|AVI )|\0\0[^]{2}ftyp)/)(head),
    help: 'transcribe it first',
  },

  { name: 'elf', what: 'a Linux program', matches: begins('\x7fELF'), help: PROGRAM },
  { name: 'pe', what: 'a Windows program', matches: isWindowsProgram, help: PROGRAM },
  {
    name: 'mach-o',
    what: 'a macOS program',
    matches: begins('\xfe\xed\xfa\xce', '\xfe\xed\xfa\xcf', '\xce\xfa\xed\xfe', '\xcf\xfa\xed\xfe'),
    help: PROGRAM,
  },
  { name: 'java', what: 'a Java class or a macOS program', matches: begins('\xca\xfe\xba\xbe'), help: PROGRAM },
  { name: 'wasm', what: 'a WebAssembly module', matches: begins('\0asm'), help: PROGRAM },

  {
    name: 'sqlite',
    what: 'an SQLite database',
    matches: begins('SQLite format 3\0'),
    help: 'write its column of text first: sqlite3 $FILE "select COLUMN from TABLE" > text.txt',
  },
  { name: 'orc', what: 'an ORC file', matches: all(begins('ORC'), isBinary), help: TABLE },
  { name: 'avro', what: 'an Avro file', matches: begins('Obj\x01'), help: TABLE },
  { name: 'arrow', what: 'an Arrow or Feather file', matches: all(begins('ARROW1', 'FEA1'), isBinary), help: TABLE },
  {
    name: 'arrow-stream',
    what: 'a stream of Arrow',
    matches: matchesLatin1(/^\xff\xff\xff\xff[^]{2}\0\0[^]{2}\0\0/),
    help: TABLE,
  },
  { name: 'hdf5', what: 'an HDF5 file', matches: begins('\x89HDF\r\n\x1a\n'), help: TABLE },
  { name: 'numpy', what: 'a NumPy array', matches: begins('\x93NUMPY'), help: TABLE },
  {
    name: 'pickle',
    what: 'a Python pickle',
    matches: matchesLatin1(/^\x80[\x02-\x05][\x95}\](cXK\x8a\x8c)]/),
    help: TABLE,
  },

  {
    name: 'kneser-packed',
    what: 'a packed model of kneser',
    matches: begins('\x89KNESER\n'),
    help: 'it is a model, not text: kneser perplexity $FILE TEXT',
  },
  {
    name: 'arpa',
    what: 'an ARPA file',
    matches: matchesLatin1(/^\s*(#[^\n]*\n\s*|iARPA\s+)*\\data\\[ \t]*\r?\n/),
    help: 'it is a model, not text; import it: kneser import $FILE --out DIR',
  },
  {
    name: 'kenlm',
    what: 'a binary model of KenLM',
    matches: begins('mmap lm http://kheafield.com/code'),
    help: 'it cannot be turned back; import the ARPA file that it was built from: kneser import FILE.arpa --out DIR',
  },
  {
    name: 'irstlm',
    what: 'a binary model of IRSTLM',
    matches: all(matchesLatin1(/^Q?blmt \d/), isBinary),
    help: 'write it as ARPA: compile-lm --text=yes $FILE FILE.arpa, then kneser import FILE.arpa --out DIR',
  },
  {
    name: 'sphinx',
    what: 'a binary model of PocketSphinx',
    matches: all(begins('Trie Language Model'), isBinary),
    help: 'write it as ARPA: sphinx_lm_convert -i $FILE -o FILE.arpa, then kneser import FILE.arpa --out DIR',
  },
  {
    name: 'openfst',
    what: 'a binary automaton of OpenFst',
    matches: begins('\xd6\xfd\xb2\x7e'),
    help: 'write it as ARPA: ngramprint --ARPA $FILE > FILE.arpa, then kneser import FILE.arpa --out DIR',
  },
  {
    name: 'sentencepiece',
    what: 'a SentencePiece model',
    matches: isSentencePiece,
    help: 'it is a tokenizer, not text: kneser train TEXT --tokenizer $FILE --out DIR',
  },
  { name: 'fasttext', what: 'a model of fastText', matches: begins('\xba\x16\x4f\x2f'), help: WEIGHTS },
  { name: 'gguf', what: 'a GGUF model', matches: all(begins('GGUF'), isBinary), help: WEIGHTS },
  { name: 'safetensors', what: 'a safetensors file', matches: isSafetensors, help: WEIGHTS },

  {
    name: 'git-lfs',
    what: 'a pointer of Git LFS, not the file itself',
    matches: begins('version https://git-lfs.github.com/spec/'),
    help: 'fetch the file: git lfs pull --include $FILE',
  },
  {
    name: 'json',
    what: 'JSON',
    matches: matchesLatin1(/^\s*(\{\s*"([^"\\]|\\.)*"\s*:|\[\s*\{\s*"([^"\\]|\\.)*"\s*:)/),
    help: 'read one field of each line with format jsonl (--format jsonl), or the lines as they are with format text (--format text)',
  },
];

/** The kind of a file by its first bytes; `undefined` for text and for unknown bytes. */
export function kindOf(head: Uint8Array): FileKind | undefined {
  const first = head.subarray(0, HEAD_BYTES);
  return FILE_KINDS.find(({ matches }) => matches(first));
}

/** The help of a kind, with the path of the file in its command. */
export function helpFor({ help }: FileKind, path: string): string {
  return help.replace('$FILE', () => quoted(path));
}
