// The mark that the whole gate leaves on what it has passed, without which there is no release. It names the tree, so that
// one commit more, or one change, needs another run.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const mark = join(root, 'build/ci/tested');

export const git = (...args) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trimEnd();

/** What is not committed, a line for each file. */
export const uncommitted = () => git('status', '--porcelain');

const tree = () => git('rev-parse', 'HEAD^{tree}');

/** After everything has passed. Says nothing of a checkout with changes, which no commit has. */
export function markTested() {
  if (uncommitted() !== '') return;
  mkdirSync(dirname(mark), { recursive: true });
  writeFileSync(mark, `${tree()}\n`);
}

/** Whether the gate has passed what HEAD is. */
export function isTested() {
  return existsSync(mark) && readFileSync(mark, 'utf8').trim() === tree();
}
