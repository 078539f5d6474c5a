// Makes dist/*.js from lib/: few files, since a hundred small ones take longer to load than the first child to start; but
// not one, since V8 reads every line of a file that it loads, and `require('memcage')` needs a fifth of them.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildInParts } from './parts.mjs';

const root = join(import.meta.dirname, '..');

/**
 * Loaded with memcage: what programs import by name, since an `import` looks at all of that at once, and what takes something
 * of Node's as it is at load.
 */
const AT_LOAD =
  /^(index|errors\/(errors|error-codes)|options\/(called|node-options)|api\/(spawn|exec|fork|drop-in|run|create-cage|prepare|launcher-for|open-cages)|event-loop\/(next-turn|defer|outside-of-calls|lazy-emitter)|cage\/open-cages|cgroup\/handle\/(cgroup|readable-cgroup|read-many)|cgroup\/events\/types|cgroup\/files\/table|doctor\/diagnose|process\/node-functions|sync\/(spawn-sync|exec-file-sync))\.ts$/;

/**
 * The parts that are loaded when something of them is used, each module with the first that it fits. What comes about while a
 * child runs, and what a failure is told by, is in the last, with what starts it: that must not need a free fd.
 */
const PARTS = {
  events: /^cgroup\/events\//,
  watching: /^cgroup\/watching\//,
  readings: /^cgroup\/(processes\/processes|handle\/(reclaim|effective-limits|usage|peak-tracker|access))\.ts$/,
  lookup: /^cgroup\/(containers\/|hierarchy\/(unnamed|resolve-path))/,
  parents: /^placement\/(?!default-parent|cures)/,
  doctor: /^doctor\//,
  commands: /^cli\/(commands\/(?!run\/)|help|duration)/,
  chart: /^cli\/chart\//,
  cages: /^(?!cli|metrics\/|otel|prometheus|child_process|native)/,
};

const common = { absWorkingDir: root, outdir: 'dist', platform: 'node', target: 'node20', logLevel: 'warning' };
const external = { ...common, packages: 'external' };

/** A class that names itself is made `var Cgroup = class _Cgroup`, which the user would see. Within it both are the same. */
function withOwnNames(code) {
  const classes = [...code.matchAll(/^(?:var|let) (\w+) = class _\1\b/gm)];
  return classes.reduce((sofar, [, own]) => sofar.replace(new RegExp(`\\b_${own}\\b`, 'g'), own), code);
}

/** esbuild keeps the comments of a class, which V8 would read each time; the declarations have them for users. */
function withoutComments(code) {
  return code.replace(/^ *\/\*\*(?:[^*]|\*(?!\/))*\*\/\n/gm, '');
}

for (const name of readdirSync(join(root, 'dist'))) if (/\.m?js$/.test(name)) rmSync(join(root, 'dist', name));

await buildInParts({
  common: external,
  lib: join(root, 'lib'),
  programs: { cli: ['cli.ts'] },
  atLoad: AT_LOAD,
  parts: PARTS,
  rework: (code) => withoutComments(withOwnNames(code)),
  unloadable: {
    type: 'MemcageError',
    code: 'ERR_MEMCAGE_UNSUPPORTED',
    message:
      'memcage was replaced or removed since this process has loaded it, or is not readable for it any more: start it again',
  },
});

await build({ ...external, entryPoints: { native: 'lib/native.ts' }, bundle: true, format: 'cjs' });

// What they have to themselves is bundled; the rest is that of dist/index.js, whose state is there once.
await build({
  ...external,
  entryPoints: ['lib/prometheus.ts', 'lib/otel.ts'],
  bundle: true,
  format: 'cjs',
  plugins: [
    {
      name: 'shared',
      setup({ onResolve }) {
        onResolve({ filter: /\/index\.js$/ }, () => ({ path: './index.js', external: true }));
        onResolve({ filter: /^\.\.\// }, ({ path }) => ({
          errors: [{ text: `${path} has a state of its own there` }],
        }));
      },
    },
  ],
});

// Not bundled: they share the state of dist/index.js.
await build({
  ...common,
  entryPoints: ['lib/child_process.ts'],
  format: 'cjs',
  // Properties that can be replaced, as those of node:child_process.
  footer: { js: 'module.exports = { ...module.exports };' },
});
await build({
  ...common,
  entryPoints: ['lib/child_process.mts'],
  format: 'esm',
  outExtension: { '.js': '.mjs' },
});
