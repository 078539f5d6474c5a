import type { RootPlan } from '../../../types/native';
import { invalidArgument } from '../../common/errors/errors';
import { needsDev } from './mount-order';
import { NO_DIRECTORY, withoutExcess, workingDirectory } from './paths';
import { isApart, type Root } from './root';

export interface RootSurroundings {
  /** Of the child, as the caller gave it. */
  cwd: string | undefined;
  hasPidNamespace: boolean;
}

/** What the child, or the launcher, is told. Undefined without a root of its own. */
export function planRoot(root: Root | undefined, { cwd, hasPidNamespace }: RootSurroundings): RootPlan | undefined {
  if (root === undefined) return undefined;
  const { path = null, empty, readOnly, mounts, hide } = root;
  const apart = isApart(root);
  return {
    path,
    empty: empty !== undefined,
    ...(empty !== undefined && { emptyOptions: empty }),
    readOnly,
    mounts: mounts.map(({ mount }) => mount),
    hide: [...new Set(hide.map((hidden) => hidden.path))],
    // A /proc of this process's PID namespace would show the child other pids than its own. Kept in a read-only root, it
    // would be read-only.
    proc: hasPidNamespace ? 'new' : apart || readOnly ? 'bind' : 'keep',
    dev: needsDev(
      apart,
      mounts.map(({ mount }) => mount),
    ),
    cwd: directoryInside(cwd ?? '', apart),
  };
}

function directoryInside(cwd: string, apart: boolean): string {
  // Where the root is another one, the directory of this process may not be there.
  if (apart || cwd.startsWith('/')) return withoutExcess(cwd);
  const from = workingDirectory();
  if (from !== undefined) return withoutExcess(`${from}/${cwd}`);
  const expected = `an absolute path inside the root, since ${NO_DIRECTORY} (or process.chdir() to another one)`;
  throw invalidArgument('cwd', expected, cwd === '' ? undefined : cwd);
}
