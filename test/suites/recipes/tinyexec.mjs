import { readFileSync } from 'node:fs';
import { nodeReporter, readNodeTest } from '../readers/node-test.mjs';
import { npmInstall } from './npm-install.mjs';

const TESTS = ['lib/test/env_test.js', 'lib/test/main_test.js', 'lib/test/stream_test.js'];

export default {
  repository: 'tinylibs/tinyexec',
  directory: 'tinyexec',
  tag: '0.3.1',
  prepare: [npmInstall, ['npm', 'run', 'build']],
  seconds: 300,
  command: ({ node, output, files = TESTS }) => [node, ...nodeReporter(output), '--test', ...files],
  read: ({ output, place }) => readNodeTest(readFileSync(output, 'utf8'), place),
};
