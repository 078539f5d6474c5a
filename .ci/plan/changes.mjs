// Which files differ from the commit that landed last.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const FILE = '.ci/base';

const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

/** `files`, or `unknown`: why nobody can say. */
export function changes() {
  if (!existsSync(FILE)) return { unknown: `there is no ${FILE}` };
  const base = readFileSync(FILE, 'utf8').trim();
  try {
    git('cat-file', '-e', `${base}^{commit}`);
    git('merge-base', '--is-ancestor', base, 'HEAD');
  } catch {
    return { unknown: `${FILE} names no ancestor of this commit` };
  }
  // A base that was written later would hide what came before it.
  if (git('log', '-1', '--format=%P', '--', FILE) !== base) {
    return { unknown: `${FILE} was not written by the first commit after the one that it names` };
  }
  const lists = [git('diff', '--name-only', '--no-renames', base), git('ls-files', '--others', '--exclude-standard')];
  return { files: lists.flatMap((list) => list.split('\n')).filter((path) => path !== '' && path !== FILE) };
}

/** The same tree draws the same cases. */
export function seedOfTree() {
  return Number.parseInt(git('rev-parse', 'HEAD^{tree}').slice(0, 7), 16);
}
