import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeReporter, readNodeTest } from '../readers/node-test.mjs';

/** A suite of ours that asks for something which a cage makes different, to see that this is found. */
export default {
  isPlanted: true,
  isOurs: true,
  directory: join(import.meta.dirname, '../../fixtures/suites'),
  seconds: 60,
  command: ({ node, output }) => [node, ...nodeReporter(output), 'planted.mjs'],
  read: ({ output, place }) => readNodeTest(readFileSync(output, 'utf8'), place),
};
