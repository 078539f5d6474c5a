import { readFileSync } from 'node:fs';
import { readJest } from '../readers/jest.mjs';
import { npmInstall } from './npm-install.mjs';

export default {
  repository: 'moxystudio/node-cross-spawn',
  directory: 'cross-spawn',
  tag: 'v7.0.6',
  prepare: [npmInstall],
  seconds: 300,
  command: ({ node, output, files = [] }) => [
    ...[node, 'node_modules/jest/bin/jest.js', '--env', 'node', '--runInBand'],
    ...['--json', `--outputFile=${output}`, ...files],
  ],
  read: ({ output, place }) => readJest(readFileSync(output, 'utf8'), place),
};
