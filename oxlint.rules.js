import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path/posix';

/**
 * The import rule: a file imports its own folder and folders below it, never a neighbour and never upwards; and no file imports itself by way
 * of others, not even for a type or when it runs.
 *
 * `ROOMS` lists the folders from the lowest to the highest; folders of one row are neighbours. `INSIDE` orders all subfolders of a room
 * in the same way; `.` is the room itself.
 */
const ROOMS = [
  ['src/base'],
  ['corpora'],
  ['src/text', 'src/store'],
  ['src/tables'],
  ['src/smoothing', 'src/count'],
  ['src/model'],
  ['src/report', 'src/tools', 'src/decoding'],
  ['src/train'],
  ['src/baseline', 'src/spark'],
  ['src/documents'],
  ['src/serve'],
  ['src/cli', 'src/index.ts'],
  ['native-free'],
  ['bench'],
  ['test'],
];

const INSIDE = {
  'src/base': [['.'], ['node']],
  'src/tables': [['.'], ['node']],
  'src/text': [['subwords'], ['tokenizer-json', 'sentencepiece'], ['.'], ['formats']],
  'src/smoothing': [['.'], ['cache']],
  'src/store': [['.'], ['packed'], ['folder']],
  'src/model': [['lookup'], ['scoring'], ['prediction'], ['generation'], ['.']],
  'src/tools': [['arpa', 'prune', 'verify'], ['mix'], ['.']],
  'src/documents': [['profile'], ['.']],
  'src/train': [['plan'], ['resume'], ['stages'], ['.']],
  'native-free': [['.'], ['demo'], ['demo/workers', 'demo/page']],
};

/** Rooms that run in any engine: no `node:` module, no base/node. */
const ANY_ENGINE = ['src/base', 'src/tables', 'src/smoothing', 'src/report', 'src/decoding', 'native-free'];
/** Files of those rooms that are for Node all the same: they bundle the browser's modules, and build and serve the demo page. */
const FOR_NODE = [
  'src/base/node/',
  'src/tables/node/',
  'native-free/bundle.ts',
  'native-free/unused-declarations.ts',
  'native-free/demo/build.ts',
  'native-free/demo/main.ts',
  'native-free/demo/serve.ts',
  'native-free/demo/served.ts',
];

/** An entry: it may import the library, and nothing imports it. */
const QUICKSTART = 'corpora/quickstart.ts';

const rowOf = (rows, name) => rows.findIndex(row => row.includes(name));
const roomOf = file => ROOMS.flat().find(room => file === room || file.startsWith(`${room}/`));

/** The subfolder of a file in its room, such as `demo/page`; `.` for a file of the room itself. */
function insideOf(room, file) {
  return dirname(file.slice(room.length + 1));
}

/** Says that a file is in none of the folders, if so. */
function unlistedFault(file) {
  return roomOf(file) ? undefined : `${dirname(file)} is no folder of the layers: add it to ROOMS`;
}

/** Says why `from` must not import `to`; both are paths from the top of the repository. */
export function importFault(from, to) {
  if (to === QUICKSTART) return `${QUICKSTART} is an entry: nothing imports it`;
  if (from === QUICKSTART && to === 'src/index.ts') return undefined;
  const unlisted = unlistedFault(from) ?? unlistedFault(to);
  if (unlisted) return unlisted;
  const [room, target] = [roomOf(from), roomOf(to)];
  if (room !== target) {
    const [row, below] = [rowOf(ROOMS, room), rowOf(ROOMS, target)];
    if (below > row) return `${room} is below ${target} and must not import it`;
    if (below === row && room !== 'src/index.ts')
      return `${room} and ${target} are neighbours: neither imports the other`;
    if (room === 'corpora' && target !== 'src/base') return 'corpora imports src/base alone';
    const anyEngine = ANY_ENGINE.includes(room) && !FOR_NODE.some(path => from.startsWith(path));
    if (anyEngine && to.startsWith('src/base/node/')) return `${room} runs in any engine: it must not import base/node`;
    return undefined;
  }
  const [own, other] = [insideOf(room, from), insideOf(room, to)];
  if (own === other || room === 'test') return undefined;
  const rows = INSIDE[room] ?? [];
  const unknown = [own, other].find(folder => rowOf(rows, folder) < 0);
  if (unknown) return `${room}: INSIDE lacks the subfolder ${unknown}`;
  if (rowOf(rows, other) < rowOf(rows, own)) return undefined;
  return `inside ${room}, ${own} must not import ${other}`;
}

/** Says why `from` must not import a module that is not a file of the project. */
export function moduleFault(from, name) {
  const unlisted = unlistedFault(from);
  if (unlisted) return unlisted;
  const room = roomOf(from);
  if (name === 'commander' && room.startsWith('src/') && room !== 'src/cli') return 'commander is for src/cli alone';
  if (!ANY_ENGINE.includes(room) || FOR_NODE.some(path => from.startsWith(path))) return undefined;
  if (name.startsWith('node:') || name === 'level' || name === 'classic-level') {
    return `${room} runs in any engine: it must not import ${name}`;
  }
  return undefined;
}

const root = import.meta.dirname;

/** The file that `from` imports by a relative path. */
const fileOf = (from, path) => join(dirname(from), path).replace(/\.js$/, '.ts');

/** Matches the relative paths in imports and exports, of types too, and in `import()`. */
const IMPORT = /\bfrom\s*['"](\.[^'"]*)|\bimport\s*\(?\s*['"](\.[^'"]*)/g;

/** By file, the files that it imports, as far as they were asked for. */
const graph = new Map();

/** The files that a file imports, as it is on the disk. */
function importsOf(file) {
  let imports = graph.get(file);
  if (!imports) {
    const path = join(root, file);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    imports = Array.from(text.matchAll(IMPORT), ([, from, bare]) => fileOf(file, from ?? bare));
    graph.set(file, imports);
  }
  return imports;
}

/** Says by which way `from` imports itself if it imports `to`; `undefined` if by none. */
function cycleFault(from, to) {
  /** By file that `to` imports by any way, the file that imports it on the shortest way. */
  const importers = new Map([[to, undefined]]);
  for (const file of importers.keys()) {
    if (file === from) break;
    for (const next of importsOf(file)) if (!importers.has(next)) importers.set(next, file);
  }
  if (!importers.has(from)) return undefined;
  const way = [];
  for (let file = from; file; file = importers.get(file)) way.unshift(file);
  return `${[from, ...way].join(' → ')}: a cycle of imports; move what the files share to a file below them`;
}

const layers = {
  meta: { type: 'problem', schema: [], messages: { fault: '{{fault}} (see oxlint.rules.js)' } },
  create(context) {
    const from = relative(root, context.filename);
    const check = source => {
      if (typeof source?.value !== 'string') return;
      const name = source.value;
      const to = fileOf(from, name);
      const fault = name.startsWith('.') ? (importFault(from, to) ?? cycleFault(from, to)) : moduleFault(from, name);
      if (fault) context.report({ node: source, messageId: 'fault', data: { fault } });
    };
    return {
      ImportDeclaration: node => check(node.source),
      ExportNamedDeclaration: node => check(node.source),
      ExportAllDeclaration: node => check(node.source),
      ImportExpression: node => check(node.source),
      TSImportType: node => check(node.source ?? node.argument?.literal),
    };
  },
};

/**
 * The transfer rule: no memory moves to another thread. The first array buffer that is detached makes V8 drop all optimized code of its
 * thread, and check every later access to any typed array, which makes loops over them up to 1.45 times as slow (measured).
 */
const transfer = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      fault: 'moved memory makes all typed arrays of the thread slow: copy it or share it (see oxlint.rules.js)',
    },
  },
  create: context => ({
    CallExpression(node) {
      const { callee } = node;
      const name = callee.type === 'MemberExpression' ? callee.property.name : callee.name;
      const moves = ['postMessage', 'structuredClone'].includes(name) && node.arguments.length > 1;
      if (moves || /^transfer(ToFixedLength)?$/.test(name)) context.report({ node, messageId: 'fault' });
    },
  }),
};

/** The entry rule: in a program that waits at its top level, no constant or class comes after the wait, because it does not exist until then. */
const entry = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { fault: 'it does not exist while the await above runs: move it above (see oxlint.rules.js)' },
  },
  create: context => ({
    Program({ body }) {
      const first = body.findIndex(
        ({ type, expression }) => type === 'ExpressionStatement' && expression.type === 'AwaitExpression',
      );
      if (first < 0) return;
      for (const node of body.slice(first)) {
        const values = node.type === 'VariableDeclaration' ? node.declarations.map(({ init }) => init?.type) : [];
        const isLate = node.type === 'ClassDeclaration' || values.some(type => type !== 'AwaitExpression');
        if (isLate) context.report({ node, messageId: 'fault' });
      }
    },
  }),
};

export default { meta: { name: 'kneser' }, rules: { layers, transfer, entry } };
