import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { CloneResult, Stage } from '../../types/native';
import type { NamespaceOptions } from '../../types/options';
import { ErrorCode, MemcageError } from '../errors';
import type { Group } from './group';
import { explainTooSmall } from './too-small';

export type CloneFailure = Extract<CloneResult, { stage: Stage }>;

const { EAGAIN, EINVAL, EMFILE, ENFILE, ENODEV, ENOENT, ENOMEM, ENOSPC, ENOSYS, EPERM } = constants.errno;
// 'EUSERS': the limit on namespaces before Linux 4.9; not in Node's list everywhere.
const EUSERS = 87;

/** Steps that Node's own spawn has too: their errors reach the caller as Node's do. */
const NODE_STAGES: ReadonlySet<Stage> = new Set(['stdio', 'cwd', 'groups', 'gid', 'uid', 'exec']);
const NAMESPACE_STAGES: ReadonlySet<Stage> = new Set([
  'cgroup-namespace',
  'id-maps',
  'hostname',
  'mounts',
  'proc',
  'loopback',
]);
/** The machine is short of something; Node reports these, or throws them, as for any spawn. */
const SHORTAGES: ReadonlySet<number> = new Set([-EAGAIN, -EMFILE, -ENFILE, -ENOMEM]);

/** A failed start, and whether the caller gets to know it in Node's way (an errno) or as an error of ours. */
export interface ExplainedFailure {
  error: Error;
  asNode: boolean;
}

export function explainFailure(
  { stage, errno, path }: CloneFailure,
  context: { group: Group | undefined; namespaces: NamespaceOptions; isLate: boolean },
): ExplainedFailure {
  const syscall = SYSCALLS[stage];
  const known = { errno, syscall, stage, ...(path !== '' && { path }) };
  const fail = (code: ErrorCode, message: string): ExplainedFailure => ({
    error: new MemcageError(code, message, known),
    asNode: false,
  });
  const name = getSystemErrorName(errno);
  // With the code that Node's own error has, and what Node's does not tell.
  const failAsNode = (): ExplainedFailure => ({
    error: Object.assign(
      new Error(`${name}: the child failed at ${stage}${path && `, '${path}'`}`),
      { code: name },
      known,
    ),
    asNode: true,
  });

  const limited = limitAtFault(context.group, errno);
  if (limited !== undefined) return fail(ErrorCode.LIMIT_TOO_SMALL, limited);
  if (errno === -ENOSYS) return fail(ErrorCode.UNSUPPORTED, explainMissingCall(stage, path));
  if (NODE_STAGES.has(stage) || (stage === 'clone' && SHORTAGES.has(errno))) return failAsNode();
  // The one that is not made by the clone itself.
  if (stage === 'cgroup-namespace' && errno === -ENOSPC) {
    return fail(ErrorCode.NAMESPACE, explainNamespaceLimit(['cgroup']));
  }
  if (NAMESPACE_STAGES.has(stage)) {
    return fail(ErrorCode.NAMESPACE, `The child's namespaces could not be set up (${stage}): ${name}`);
  }
  if (stage === 'cgroup' && (errno === -ENODEV || errno === -ENOENT)) {
    return fail(ErrorCode.CGROUP_GONE, 'The cage was removed before the child could join it');
  }
  if (stage === 'watchdog') return fail(...explainWatchdog(path, context));
  if (stage !== 'clone') return fail(ErrorCode.SPAWN, `The child could not be started (${stage}): ${name}`);
  return explainClone(errno, name, context.namespaces, fail);
}

function limitAtFault(group: Group | undefined, errno: number): string | undefined {
  try {
    return group && explainTooSmall(group, errno);
  } catch {
    // The cgroup is gone, or no fd is free to look into it: the errno says what there is to say.
    return undefined;
  }
}

function explainClone(
  errno: number,
  name: string,
  namespaces: NamespaceOptions,
  fail: (code: ErrorCode, message: string) => ExplainedFailure,
): ExplainedFailure {
  const wanted = Object.entries(namespaces).flatMap(([kind, value]) => (value ? [kind] : []));
  if (errno === -ENOSPC || errno === -EUSERS) return fail(ErrorCode.NAMESPACE, explainNamespaceLimit(wanted));
  if (errno === -EPERM && wanted.length > 0) {
    return fail(
      ErrorCode.NAMESPACE,
      `The kernel does not let this user make namespaces (${wanted.join(', ')}): CAP_SYS_ADMIN is needed, or a user ` +
        'namespace (`namespaces.user`) where the system allows it',
    );
  }
  if (errno === -EINVAL && wanted.length > 0) {
    return fail(
      ErrorCode.NAMESPACE,
      `This kernel lacks one of the namespaces ${wanted.join(', ')}, or their combination`,
    );
  }
  return fail(ErrorCode.SPAWN, `The kernel refused to start the child: ${name}`);
}

function explainMissingCall(stage: Stage, path: string): string {
  // clone(2) is tried where there is no clone3(2), but has no cgroups and no time namespaces.
  const call = stage === 'clone' ? 'clone3' : path === 'pidfd_open' ? path : SYSCALLS[stage];
  return `${call} is missing (this Linux is too old, or a seccomp filter hides it), which the child needs at ${stage}`;
}

/** /proc/sys/user/max_*: each kind has a limit of its own; see namespaces(7). */
function explainNamespaceLimit(wanted: readonly string[]): string {
  const files: Readonly<Record<string, string>> = { mount: 'max_mnt_namespaces' };
  const exhausted = wanted
    .map((kind) => `/proc/sys/user/${files[kind] ?? `max_${kind}_namespaces`}`)
    .filter((file) => existsSync(file) && Number(readFileSync(file, 'utf8')) === 0);
  const where =
    exhausted.length > 0 ? `${exhausted.join(', ')} is 0` : 'a limit in /proc/sys/user/max_*_namespaces is reached';
  return `No more namespaces can be made: ${where}`;
}

/** What is not late was killed because its cgroup was frozen, which may be over by now. */
function explainWatchdog(
  path: string,
  { group, isLate }: { group: Group | undefined; isLate: boolean },
): [ErrorCode, string] {
  if (isLate) return [ErrorCode.SPAWN, `The child did not reach its program in time and was killed: ${path}`];
  return [ErrorCode.FROZEN, `${group?.memory.path} was frozen while a child was being started in it, which was killed`];
}

const SYSCALLS: Readonly<Partial<Record<Stage, string>>> = {
  clone: 'clone3',
  signals: 'rt_sigaction',
  session: 'setsid',
  cgroup: 'write',
  'cgroup-namespace': 'unshare',
  'id-maps': 'write',
  hostname: 'sethostname',
  mounts: 'mount',
  proc: 'mount',
  loopback: 'ioctl',
  stdio: 'dup3',
  cwd: 'chdir',
  groups: 'setgroups',
  gid: 'setgid',
  uid: 'setuid',
  'parent-death': 'prctl',
  'close-fds': 'close_range',
  exec: 'execve',
};
