import { readFileSync } from 'node:fs';
import { nodePatterns, nodeReporter, readNodeTest } from '../readers/node-test.mjs';
import { npmInstall } from './npm-install.mjs';

export default {
  repository: 'google/zx',
  directory: 'zx',
  tag: '8.8.5',
  prepare: [npmInstall, ['npm', 'run', 'build']],
  seconds: 900,
  // As in its authors' CI.
  env: { FORCE_COLOR: '3' },
  // All is in one file, so single tests run again by name. Node 20 knows no TypeScript: it takes what zx's own tools have for that.
  command: ({ node, major, output, names = [] }) => [
    ...[node, ...(major === '20' ? ['--import', 'tsx'] : ['--experimental-transform-types'])],
    ...[...nodeReporter(output), ...nodePatterns(names), 'test/all.test.js'],
  ],
  read: ({ output, place }) => readNodeTest(readFileSync(output, 'utf8'), place),
};
