// Makes dist/ anew, with *.js from lib/. The files are few, since a hundred small ones take longer to load than the first child
// takes to start. But they are more than one, since V8 reads every line of a file that it loads, and
// `require('memcage')` needs a fifth of them.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, transformSync } from 'esbuild';
import { buildInParts } from './parts.mjs';

const root = join(import.meta.dirname, '..');
/** What users import beside `memcage`. All are made of the same parts, so that each state exists once. */
const ENTRIES = [
  'cgroup',
  'machine',
  'oci',
  'child_process',
  'native',
  'prometheus',
  'otel',
  'bullmq',
  'jest',
  'vitest',
];
/**
 * In which file of dist/ a module of lib/ is: the one with the longest path here that leads to the module. `index` is loaded
 * with memcage, and what another entry has here is its own. Each other file is a part, loaded when something in it is used.
 */
const FILES = {
  // What index.ts exports and is no plain function, since an `import` looks at all that at once; what such a class or function
  // needs to be made; and what takes Node's functions as they are when memcage is loaded.
  index: [
    'common/errors/errors',
    'common/errors/error-codes',
    'common/errors/words',
    'common/event-loop/timers',
    'common/options/accepted-options',
    'common/options/names',
    'common/options/node-options',
    'process/node-functions',
    'start/api/child-process-functions',
    'start/api/exec',
    'start/api/fork',
    'start/api/spawn',
    'start/run/run',
    'start/sync',
  ],
  // What starts a child, what is needed while one runs, and what explains a failure: it must not need a free fd.
  common: ['common'],
  process: ['process'],
  files: ['cgroup/directory', 'cgroup/files', 'cgroup/limits', 'cgroup/names'],
  cgroups: [
    'cgroup',
    'cgroup/events/cgroup-events',
    'cgroup/placement/candidates',
    'cgroup/placement/default-parent',
    'cgroup/placement/given-parent',
  ],
  oom: ['cage/contract', 'cage/oom'],
  cage: ['cage'],
  request: ['start/refusals', 'start/request'],
  start: ['start'],
  // The rest.
  budget: ['jobs/budget'],
  bullmq: ['programs/bullmq'],
  chart: ['common/drawing', 'programs/cli/chart'],
  commands: ['programs/cli/commands', 'programs/cli/help'],
  doctor: ['start/doctor'],
  events: ['cgroup/events'],
  jest: ['programs/jest'],
  metrics: ['programs/metrics'],
  oci: ['common/oci'],
  parents: ['cgroup/placement'],
  polling: ['cage/polling', 'cage/polled-cage', 'cage/polled-group', 'start/child/polled-child'],
  program: ['common/text/text-width', 'programs/cli', 'programs/cli/commands/run'],
  prometheus: ['programs/metrics/prometheus-metrics'],
  runners: ['programs/test-runners'],
  vitest: ['programs/vitest'],
  warm: ['jobs/warm-pool'],
  watching: ['cgroup/watching'],
  why: ['programs/cli/commands/why'],
};
/** Each is loaded with those before it, so all of them with the last. */
const TOGETHER = ['common', 'process', 'files', 'cgroups', 'oom', 'cage', 'request', 'start'];
/**
 * Once a larger block is given back, glibc's malloc keeps twice as much of what is given back later. After one file of 570 kB
 * that was the 3 MB that V8 takes while it reads that: every fork() of the process copied it.
 */
const MOST_BYTES = 128 * 1024;

/** Node reads in the text of these what an `import` of them can name. */
const EXPORTING = new Set(['index', ...ENTRIES].map((name) => `${name}.js`));
/** For all others: a fifth less to unpack and to read. There are lines all the same, for what a stack trace says. */
const NARROW = { minifyWhitespace: true, lineLimit: 120 };

/** As those of node:child_process are. */
const REPLACEABLE = 'module.exports = { ...module.exports };\n';

const common = { absWorkingDir: root, outdir: 'dist', platform: 'node', target: 'node20', logLevel: 'warning' };
const external = { ...common, packages: 'external' };

/**
 * esbuild turns a class that refers to itself into `var Cgroup = class _Cgroup`, which users would see. Inside the
 * class both names mean the same.
 */
function withOwnNames(code) {
  const classes = [...code.matchAll(/\b(?:var|let) (\w+) ?= ?class _\1\b/g)];
  return classes.reduce((sofar, [, own]) => sofar.replace(new RegExp(`\\b_${own}\\b`, 'g'), own), code);
}

/** esbuild's helper would export, as a getter, whatever somebody has added to Object.prototype before a file is loaded. */
function withOwnExports(code) {
  return code.replaceAll(/^( *)for \(var name in all\)$/gm, '$1for (var name of Object.keys(all))');
}

/** esbuild keeps the comments of a class, which V8 would read each time; the declarations have them for users. */
function withoutComments(code) {
  return code.replace(/^ *\/\*\*(?:[^*]|\*(?!\/))*\*\/\n/gm, '');
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
mkdirSync(join(root, 'dist'));

await buildInParts({
  common: external,
  lib: join(root, 'lib'),
  entries: ENTRIES,
  programs: ['cli'],
  files: FILES,
  together: TOGETHER,
  rework: (code, name) => withoutComments(code) + (name === 'child_process' ? REPLACEABLE : ''),
  unloadable: {
    type: 'MemcageError',
    code: 'ERR_MEMCAGE_UNSUPPORTED',
    message:
      'memcage was replaced or removed since this process has loaded it, or is not readable for it any more: start it again',
  },
});

// A thread of its own, which shares no state with the rest.
await build({
  ...external,
  entryPoints: { 'polling-worker': 'lib/cage/polling/sampling/worker.ts' },
  bundle: true,
  format: 'cjs',
});

// Three threads that take evidence, the first of which starts the others, and what Node children load for it.
await build({
  ...external,
  entryPoints: {
    'evidence-keeper': 'lib/cage/evidence/watching/keeper-worker.ts',
    'evidence-reader': 'lib/cage/evidence/reading/reader-worker.ts',
    'evidence-heap': 'lib/cage/evidence/heap/heap-worker.ts',
    'evidence-helper': 'lib/cage/evidence/heap/helper.ts',
    'evidence-preload': 'lib/cage/evidence/heap/preload.ts',
  },
  bundle: true,
  format: 'cjs',
});

// What the children of a warm pool load first. It must not take long.
await build({
  ...external,
  entryPoints: { 'warm-preload': 'lib/jobs/warm-pool/preload/preload.ts' },
  bundle: true,
  format: 'cjs',
});

// What the children of memcage/bullmq run. Of BullMQ it loads what its caller tells it to.
await build({
  ...common,
  entryPoints: { 'bullmq-child': 'lib/programs/bullmq/child/program.mts' },
  bundle: true,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
});

// What a worker of Vitest runs before each test file.
await build({
  ...common,
  entryPoints: { 'vitest-setup': 'lib/programs/vitest/child/setup.mts' },
  minify: true,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
});

// A browser runs it, in the page of a chart.
copyFileSync(join(root, 'lib/programs/cli/chart/read-out.js'), join(root, 'dist/parts/read-out.js'));

// Not bundled: it takes all from dist/child_process.js.
await build({
  ...common,
  entryPoints: ['lib/child_process.mts'],
  format: 'esm',
  outExtension: { '.js': '.mjs' },
});

for (const name of readdirSync(join(root, 'dist'), { recursive: true })) {
  if (!/\.m?js$/.test(name)) continue;
  const file = join(root, 'dist', name);
  const own = withOwnExports(readFileSync(file, 'utf8'));
  const code = withOwnNames(EXPORTING.has(name) ? own : transformSync(own, NARROW).code);
  writeFileSync(file, code);
  if (code.length > MOST_BYTES) throw new Error(`dist/${name} is larger than ${MOST_BYTES} bytes: divide it in FILES`);
}
