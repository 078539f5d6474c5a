import { readFileSync } from 'node:fs';
import { readMocha } from '../readers/mocha.mjs';
import { npmInstall } from './npm-install.mjs';

export default {
  repository: 'josdejong/workerpool',
  directory: 'workerpool',
  tag: 'v10.0.3',
  prepare: [npmInstall, ['npm', 'run', 'build']],
  seconds: 600,
  command: ({ node, output, files = ['test'] }) => [
    ...[node, 'node_modules/mocha/bin/mocha.js', '--reporter', 'json', '--reporter-option', `output=${output}`],
    ...files,
  ],
  read: ({ output, place }) => readMocha(readFileSync(output, 'utf8'), place),
};
