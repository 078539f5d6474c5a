// The runtimes of JavaScript that the smoke suite runs in, from npm. Each is a directory with bin/ in it.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Official builds of Node. */
export const officialNodes = () => ['20', '22', '24', '26'].map(official);

function official(name) {
  return { name: `node-${name}`, program: 'node', directory: dirname(dirname(installed(name))) };
}

/** Of the builds for musl, these are on npm. */
export const muslRuntimes = () => [
  { name: 'node-musl', program: 'node', directory: nodeOfPnpm() },
  { name: 'bun-musl', program: 'bun', directory: dirname(dirname(installed('bun-musl'))) },
];

/** Path of the program. */
function installed(name) {
  const words = [join(root, 'scripts/nodes.mjs'), '--install', name];
  return execFileSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

/**
 * pnpm's executable for musl is Node with an application in it (https://nodejs.org/api/single-executable-applications.html). The
 * digit after this word says whether there is one; without it the file is the Node that it was made from.
 */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';

function nodeOfPnpm() {
  const pnpm = installed('pnpm-musl');
  const directory = join(dirname(pnpm), 'node');
  const path = join(directory, 'bin/node');
  if (existsSync(path)) return directory;
  const program = readFileSync(pnpm);
  const at = program.indexOf(`${FUSE}1`);
  if (at === -1) throw new Error(`There is no single executable application in ${pnpm}`);
  program.write('0', at + FUSE.length);
  mkdirSync(dirname(path), { recursive: true });
  // Under another name first, so that an interrupted copy does not count.
  const making = `${path}.${process.pid}`;
  try {
    writeFileSync(making, program);
    chmodSync(making, 0o755);
    renameSync(making, path);
  } finally {
    rmSync(making, { force: true });
  }
  return directory;
}
