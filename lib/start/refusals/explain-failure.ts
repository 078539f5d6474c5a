import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { CloneFailure, Stage } from '../../../types/native';
import type { NamespaceOptions } from '../../../types/options';
import type { CageCgroup } from '../../cage/cgroup/cage-cgroup';
import { explainTooSmall } from '../../cage/limit-too-small';
import { explainDelegation } from '../../cage/root/refused-parent';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { readNamespaceFacts } from '../../process/namespaces/namespace-facts';
import type { Root } from '../../process/root/root';
import type { ChildSettings } from '../../process/settings/child-settings';
import { explainNamespaceRefusal, MAKING_STAGES } from './namespace-refusal';
import { isFiltered } from './privilege-refusal';
import { failedRoot, isRootStage, noDirectoryInside, noProcInside } from './root-refusal';
import { failedSetting, isSettingStage, readSettingFacts } from './setting-refusal';

const { EACCES, EAGAIN, EINVAL, EMFILE, ENFILE, ENODEV, ENOENT, ENOMEM, ENOSYS, ENOTDIR, EPERM } = constants.errno;

/** Steps that Node's own spawn has too. The caller gets their errors as Node would report them. */
const NODE_STAGES: ReadonlySet<Stage> = new Set(['stdio', 'cwd', 'groups', 'gid', 'uid', 'exec']);
const NAMESPACE_STAGES: ReadonlySet<Stage> = new Set([
  'cgroup-namespace',
  'id-maps',
  'hostname',
  'mounts',
  'proc',
  'loopback',
]);
/** Steps that take threads, fds or memory. */
const TAKING_STAGES: ReadonlySet<Stage> = new Set(['clone', 'cgroup', 'unshare', 'init', 'id-maps']);
/** The machine is short of something. Node reports or throws these for any spawn. */
const SHORTAGES: ReadonlySet<number> = new Set([-EAGAIN, -EMFILE, -ENFILE, -ENOMEM]);
/** What a lookup of a path fails with. */
const NOT_FOUND: ReadonlySet<number> = new Set([-EACCES, -ENOENT, -ENOTDIR]);

/** A failed start, and whether the caller gets it in Node's way (an errno) or as a memcage error. */
export interface ExplainedFailure {
  error: Error;
  asNode: boolean;
  /** The cause of Node's error, unless Node's own spawn would fail at this step with the same error. */
  cause?: Error;
}

export function explainFailure(
  failure: CloneFailure,
  context: {
    cgroup: CageCgroup | undefined;
    namespaces: NamespaceOptions;
    root: Root | undefined;
    settings: ChildSettings;
    isLate: boolean;
  },
): ExplainedFailure {
  const { stage, errno, path, syscall } = failure;
  const known = { errno, syscall, stage, ...(path !== '' && { path }) };
  const fail = (code: ErrorCode, message: string): ExplainedFailure => ({
    error: new MemcageError(code, message, known),
    asNode: false,
  });
  const name = getSystemErrorName(errno);
  const wanted = Object.entries(context.namespaces).flatMap(([kind, value]) => (value ? [kind] : []));
  // The code of Node's own error, with what that error leaves out.
  const failAsNode = (): ExplainedFailure => {
    const text = `${name}: the child failed at ${stage}${path && `, '${path}'`}`;
    const error = Object.assign(new Error(text), { code: name }, known);
    return { error, asNode: true, ...(!NODE_STAGES.has(stage) && { cause: error }) };
  };

  const limited = limitAtFault(context.cgroup, errno);
  if (limited !== undefined) return fail(ErrorCode.LIMIT_TOO_SMALL, limited);
  if (isRootStage(stage)) {
    // The machine is short of something, as for any spawn.
    if (SHORTAGES.has(errno)) return failAsNode();
    return { error: failedRoot({ ...failure, stage }, context.root, readNamespaceFacts()), asNode: false };
  }
  // Where there can be no private mounts there can be no root either.
  if (stage === 'mounts' && errno === -EINVAL && context.root !== undefined)
    return {
      error: failedRoot({ ...failure, stage: 'root-pivot' }, context.root, readNamespaceFacts()),
      asNode: false,
    };
  if (stage === 'cwd' && context.root !== undefined) return { error: noDirectoryInside(failure), asNode: false };
  if (stage === 'init' && NOT_FOUND.has(errno) && context.root !== undefined)
    return { error: noProcInside(failure, context.root), asNode: false };
  if (errno === -ENOSYS) return fail(ErrorCode.UNSUPPORTED, explainMissingCall(failure));
  const { namespaces, settings } = context;
  if (isSettingStage(stage) || (isFiltered(failure, settings) && !SHORTAGES.has(errno))) {
    const facts = readSettingFacts(namespaces);
    return { error: failedSetting(failure, settings, facts), asNode: false };
  }
  if (NODE_STAGES.has(stage) || (TAKING_STAGES.has(stage) && SHORTAGES.has(errno))) return failAsNode();
  // The meter may have killed it on its way.
  const spent = context.cgroup?.watched.explainSpent();
  if (spent !== undefined) return fail(ErrorCode.CPU_TIME, spent);
  if (NAMESPACE_STAGES.has(stage)) return fail(...explainNamespaceRefusal(failure, wanted, readNamespaceFacts()));
  if (stage === 'cgroup' && (errno === -ENODEV || errno === -ENOENT)) {
    return fail(ErrorCode.CGROUP_GONE, 'The cage was removed before the child could join it');
  }
  if (stage === 'cgroup' && errno === -EINVAL && context.cgroup?.homes.counted.cpu !== undefined)
    return fail(ErrorCode.UNSUPPORTED, REAL_TIME);
  // Within clone, only entering a cgroup can fail with EACCES. A join by a write can also fail with EPERM.
  if ((stage === 'clone' && errno === -EACCES) || (stage === 'cgroup' && (errno === -EACCES || errno === -EPERM)))
    return fail(ErrorCode.NO_PERMISSION, explainDelegation(context.cgroup?.memory.path ?? 'the cgroup'));
  if (stage === 'watchdog') return fail(...explainWatchdog(path, context));
  if (MAKING_STAGES.has(stage) && wanted.length > 0) {
    return fail(...explainNamespaceRefusal(failure, wanted, readNamespaceFacts()));
  }
  return fail(ErrorCode.SPAWN, `The child could not be started (${stage}): ${name}`);
}

function limitAtFault(cgroup: CageCgroup | undefined, errno: number): string | undefined {
  try {
    return cgroup && explainTooSmall(cgroup, errno);
  } catch {
    // The cgroup is gone, or no fd is free to look into it. The errno has to do.
    return undefined;
  }
}

function explainMissingCall({ stage, syscall = 'a system call' }: CloneFailure): string {
  return `${syscall} is missing (this Linux is too old, or a seccomp filter hides it), which the child needs at ${stage}`;
}

/** A child that is not late was killed because its cgroup was frozen. It may have been thawed since. */
function explainWatchdog(
  path: string,
  { cgroup, isLate }: { cgroup: CageCgroup | undefined; isLate: boolean },
): [ErrorCode, string] {
  if (isLate) return [ErrorCode.SPAWN, `The child did not reach its program in time and was killed: ${path}`];
  return [
    ErrorCode.FROZEN,
    `${cgroup?.memory.path} was frozen while a child was being started in it, which was killed`,
  ];
}

/** cpu_cgroup_can_attach() in the kernel: that cgroup has no real-time share (CONFIG_RT_GROUP_SCHED). */
const REAL_TIME =
  'The child could not join its cgroup (EINVAL): with a real-time policy, which it has from this process, the v1 cpu ' +
  'controller takes nobody. Start this process without it (chrt --other 0), or leave the option cpu out';
