import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTap } from '../readers/tap.mjs';
import { npmInstall } from './npm-install.mjs';

/**
 * AVA begins the name of a test with that of its file: `pipe › sequence › Works with ...`. Of a file that ended badly it says
 * `test/pipe/sequence.js exited due to SIGABRT`.
 */
function fileOf(place, name) {
  const ended = /^(\S+) exited (?:due to|with) /.exec(name);
  if (ended !== null) return ended[1];
  const parts = name.split(' › ');
  for (let length = parts.length; length > 0; length -= 1) {
    const file = `${join('test', ...parts.slice(0, length))}.js`;
    if (existsSync(join(place, file))) return file;
  }
  return undefined;
}

/** AVA leaves out of the names what all files have in common. With these two small ones that is always only `test`. */
const ANCHORS = ['test/methods/main-async.js', 'test/pipe/throw.js'];

// package.json has AVA use processes, one at a time.
export default {
  repository: 'sindresorhus/execa',
  directory: 'execa',
  tag: 'v9.6.1',
  prepare: [npmInstall],
  seconds: 3600,
  command: ({ node, files }) => {
    const chosen = files === undefined ? [] : [...new Set([...files, ...ANCHORS])];
    return [node, 'node_modules/ava/entrypoints/cli.mjs', '--tap', ...chosen];
  },
  read: ({ stdout, place }) => readTap(stdout, (name) => fileOf(place, name)),
};
