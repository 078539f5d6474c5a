// Usage: test-nodes.mjs [--all] [PATTERN...] [OPTION-OF-JEST...]
// Runs tests on each supported version of Node but this one: those that a version can change, those that match, or
// all.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { testsOfNodes } from './tests-of-nodes.mjs';

const words = process.argv.slice(2);
const args = words.filter((word) => word !== '--all');
const isChosen = args.length < words.length || args.some((word) => !word.startsWith('-'));
const jest = ['node_modules/jest/bin/jest.js', '--runInBand', ...args, ...(isChosen ? [] : testsOfNodes())];
const nodes = [join(import.meta.dirname, 'nodes.mjs'), '--others', '--beside', '--', ...jest];
process.exitCode = spawnSync(process.execPath, nodes, { stdio: 'inherit' }).status ?? 1;
