// Makes dist/*.js from lib/: one file each for what a program imports, since loading a hundred small ones takes longer than
// the first start of a child.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

const common = { absWorkingDir: root, outdir: 'dist', platform: 'node', target: 'node20', logLevel: 'warning' };

await build({
  ...common,
  entryPoints: { index: 'lib/index.ts', native: 'lib/native.ts', cli: 'lib/cli/main.ts' },
  bundle: true,
  packages: 'external',
  format: 'cjs',
});

// A class that names itself is made `var Cgroup = class _Cgroup`, which the user would see. Within it both are the same.
for (const name of ['index', 'native', 'cli']) {
  const path = join(root, 'dist', `${name}.js`);
  const text = readFileSync(path, 'utf8');
  const classes = [...text.matchAll(/^var (\w+) = class _\1\b/gm)];
  const renamed = classes.reduce((sofar, [, own]) => sofar.replace(new RegExp(`\\b_${own}\\b`, 'g'), own), text);
  writeFileSync(path, renamed);
}

// What they have to themselves is bundled; the rest is that of dist/index.js, whose state is there once.
await build({
  ...common,
  entryPoints: ['lib/prometheus.ts', 'lib/otel.ts'],
  bundle: true,
  packages: 'external',
  format: 'cjs',
  plugins: [
    {
      name: 'shared',
      setup({ onResolve }) {
        onResolve({ filter: /\/index\.js$/ }, () => ({ path: './index.js', external: true }));
        onResolve({ filter: /^\.\.\// }, ({ path }) =>
          ['../argument-errors', '../option-names'].includes(path)
            ? undefined
            : { errors: [{ text: `${path} has a state of its own there` }] },
        );
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
