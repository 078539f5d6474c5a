import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { CloneFailure, Stage } from '../../../types/native';
import type { NamespaceOptions } from '../../../types/options';
import type { CageCgroup } from '../../cage/cgroup/cage-cgroup';
import { explainTooSmall } from '../../cage/limit-too-small';
import { explainDelegation } from '../../cage/root/refused-parent';
import { ErrorCode } from '../../common/errors/errors';
import { mention, type Words, words } from '../../common/errors/words';
import { readNamespaceFacts } from '../../process/namespaces/namespace-facts';
import type { Root } from '../../process/root/root';
import type { ChildSettings } from '../../process/settings/child-settings';
import { type Explanation, startError } from './explanation';
import { explainNamespaceRefusal, MAKING_STAGES } from './namespace-refusal';
import { explainRoot, isOfRoot, noDirectoryInside, noProcInside } from './root-refusal';
import { explainFiltered, explainSetting, isFiltered, isOfSettings, readSettingFacts } from './setting-refusal';

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

/** What decides why a step failed. */
interface FailureContext {
  cgroup?: CageCgroup | undefined;
  namespaces: NamespaceOptions;
  root?: Root | undefined;
  settings: ChildSettings;
  /** Whether the child had all the time that it may take. Default: false. */
  isLate?: boolean;
}

export function explainFailure(given: CloneFailure, context: FailureContext): ExplainedFailure {
  const hasNoMounts = given.stage === 'mounts' && given.errno === -EINVAL;
  // Where there can be no private mounts there can be no root either.
  const failure: CloneFailure = hasNoMounts && context.root !== undefined ? { ...given, stage: 'root-pivot' } : given;
  const explanation = explain(failure, context);
  if (explanation !== undefined) return { error: startError(failure, explanation), asNode: false };
  const { stage, errno, path, syscall } = failure;
  const code = getSystemErrorName(errno);
  // The code of Node's own error, with what that error leaves out.
  const text = `${code}: the child failed at ${stage}${path && `, '${path}'`}`;
  const error = Object.assign(new Error(text), { code, errno, syscall, stage, ...(path !== '' && { path }) });
  return { error, asNode: true, ...(!NODE_STAGES.has(stage) && { cause: error }) };
}

/** Undefined: the caller gets it in Node's way. The first reason that fits counts: what is certain is before what is likely. */
function explain(failure: CloneFailure, context: FailureContext): Explanation | undefined {
  const { stage, errno, path } = failure;
  const { cgroup, namespaces, root, settings } = context;
  const limited = limitAtFault(cgroup, errno);
  if (limited !== undefined) return { code: ErrorCode.LIMIT_TOO_SMALL, message: limited };
  const isShort = SHORTAGES.has(errno);
  if (root !== undefined) {
    if (isOfRoot(failure)) return isShort ? undefined : explainRoot(failure, root, readNamespaceFacts());
    if (stage === 'cwd') return noDirectoryInside(failure);
    if (stage === 'init' && NOT_FOUND.has(errno)) return noProcInside(failure, root);
  }
  if (errno === -ENOSYS) return { code: ErrorCode.UNSUPPORTED, message: explainMissingCall(failure) };
  const isSetting = isOfSettings(failure);
  if (isFiltered(failure, settings) && (isSetting || !isShort))
    return explainFiltered(failure, settings, readSettingFacts(namespaces));
  if (isSetting) return explainSetting(failure, settings, readSettingFacts(namespaces));
  if (NODE_STAGES.has(stage) || (TAKING_STAGES.has(stage) && isShort)) return undefined;
  // The meter may have killed it on its way.
  const spent = cgroup?.metered.explainSpent();
  if (spent !== undefined) return { code: ErrorCode.CPU_TIME, message: spent, option: 'cpuTimeMs' };
  const isDenied = errno === -EACCES || errno === -EPERM;
  if (stage === 'cgroup') {
    if (errno === -ENODEV || errno === -ENOENT) return NO_CGROUP;
    if (errno === -EINVAL && cgroup?.homes.counted.cpu !== undefined) return REAL_TIME;
  }
  // Within clone, only entering a cgroup can fail with EACCES. A join by a write can also fail with EPERM.
  if ((stage === 'clone' && errno === -EACCES) || (stage === 'cgroup' && isDenied)) {
    return { code: ErrorCode.NO_PERMISSION, message: explainDelegation(cgroup?.memory.path ?? 'the cgroup') };
  }
  if (stage === 'watchdog') return explainWatchdog(path, context);
  const wanted = Object.entries(namespaces).flatMap(([kind, value]) => (value ? [kind] : []));
  if (NAMESPACE_STAGES.has(stage) || (MAKING_STAGES.has(stage) && wanted.length > 0)) {
    return explainNamespaceRefusal(failure, wanted, readNamespaceFacts());
  }
  return { code: ErrorCode.SPAWN, message: `The child could not be started (${stage}): ${getSystemErrorName(errno)}` };
}

function limitAtFault(cgroup: CageCgroup | undefined, errno: number): Words | undefined {
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

const NO_CGROUP: Explanation = {
  code: ErrorCode.NO_CGROUP,
  message: 'The cage was removed before the child could join it',
};

/** cpu_cgroup_can_attach() in the kernel: that cgroup has no real-time share (CONFIG_RT_GROUP_SCHED). */
const REAL_TIME: Explanation = {
  code: ErrorCode.UNSUPPORTED,
  message: words`The child could not join its cgroup (EINVAL): with a real-time policy, which it has from this process, the v1 cpu controller takes nobody. Start this process without it (chrt --other 0), or leave ${mention('cpu', 'the option cpu')} out`,
  option: 'cpu',
};

/** A child that is not late was killed because its cgroup was frozen. It may have been thawed since. */
function explainWatchdog(path: string, { cgroup, isLate }: FailureContext): Explanation {
  if (isLate) {
    return { code: ErrorCode.SPAWN, message: `The child did not reach its program in time and was killed: ${path}` };
  }
  const message = `${cgroup?.memory.path} was frozen while a child was being started in it, which was killed`;
  return { code: ErrorCode.FROZEN, message };
}
