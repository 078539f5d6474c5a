import type { RootMount, RootPlan, TmpfsOptions } from '../../../types/native';
import type { NamespaceOptions } from '../../../types/options';
import { contradiction, invalidArgument } from '../../common/errors/argument-errors';
import { CURE, mention, mentionSet, ONLY_IN_CODE, words } from '../../common/errors/words';
import { hasInit } from '../namespaces/namespaces';
import { NO_DIRECTORY, withoutExcess, workingDirectory } from './paths';

/** The option `root` after validation. */
export interface Root {
  /** Absolute. Undefined: the root of this process, or an empty one. */
  path: string | undefined;
  /** The tmpfs at `/`: the root is empty at first. */
  empty: TmpfsOptions | undefined;
  readOnly: boolean;
  /** In the order in which they are mounted. */
  mounts: readonly RootEntry[];
  hide: readonly HiddenPath[];
}

/** A mount, and the option that asks for it, as the caller writes it: `root.binds[1]`. */
export interface RootEntry {
  option: string;
  mount: RootMount;
}

/** A path inside that is to be hidden, and the option that asks for it: `root.hide[0]`. */
export interface HiddenPath {
  option: string;
  path: string;
}

export const DEV = '/dev';

/** Whether it shows nothing of this process's root: it needs a `/dev` and a `/proc`. */
export function isApart({ path, empty }: Pick<Root, 'path' | 'empty'>): boolean {
  return path !== undefined || empty !== undefined;
}

/**
 * A root of its own is in a mount namespace of its own. Without a PID namespace `/proc/PID/root` of the processes outside
 * would lead out of it, and with an init its program need not be one.
 */
export function withRoot(namespaces: NamespaceOptions, root: Root | undefined): NamespaceOptions {
  if (root === undefined) return namespaces;
  if (namespaces.mount === false) {
    throw contradiction(
      'namespaces.mount',
      words`${mentionSet('namespaces.mount', 'false')} can't be had with ${mention('root')}, which needs a mount namespace${CURE}leave it out`,
    );
  }
  const implied = { ...namespaces, mount: true, pid: namespaces.pid ?? { init: true } };
  const hidden = hasInit(implied) ? root.hide.find(({ path }) => path === '/proc') : undefined;
  if (hidden !== undefined) {
    const pid = mention('namespaces.pid', 'namespaces: { pid: true }');
    const expected = words`another path than /proc, which an init needs (with ${pid} there is none)`;
    throw invalidArgument(hidden.option, expected, hidden.path);
  }
  return implied;
}

/** The child whose root it is. */
export interface RootedChild {
  /** The working directory, as the caller gave it. */
  cwd: string | undefined;
  hasPidNamespace: boolean;
}

/** Whether memcage mounts the minimal `/dev`: nobody else does. */
export function needsDev(isApart: boolean, mounts: readonly { to: string }[]): boolean {
  return isApart && !mounts.some(({ to }) => to === DEV);
}

/** What the child, or the launcher, is told. Undefined without a root of its own. */
export function planRoot(root: Root | undefined, { cwd, hasPidNamespace }: RootedChild): RootPlan | undefined {
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
  const orElse = mention(ONLY_IN_CODE, ' (or process.chdir() to another one)');
  const expected = words`an absolute path inside the root, since ${NO_DIRECTORY}${orElse}`;
  throw invalidArgument('cwd', expected, cwd === '' ? undefined : cwd);
}
