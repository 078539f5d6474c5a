import type { NativeBinding } from '../../../types/native';
import { isRecord, refuseUnknown } from './option-names';

type OptionsOf<F> = F extends (options: infer O extends object) => unknown ? keyof O : never;
type Takers = {
  [F in keyof NativeBinding as [OptionsOf<NativeBinding[F]>] extends [never] ? never : F]: NativeBinding[F];
};

/** The option names of each function. The addon reads the ones that it knows, and ignores others. */
const NAMES = {
  clone: [
    'file',
    'args',
    'env',
    'cwd',
    'stdio',
    'detached',
    'killWithParent',
    'holdSignals',
    'namespaces',
    'hostname',
    'idMaps',
    'idMapPrograms',
    'privateMounts',
    'mountProc',
    'root',
    'fileOutside',
    'loopback',
    'uid',
    'gid',
    'groups',
    'rlimits',
    'oomScoreAdj',
    'nice',
    'noNewPrivs',
    'capabilities',
    'seccomp',
    'seccompEarly',
    'intoCgroupFd',
    'joinFds',
    'shareMemory',
    'watchdogMs',
    'thawFd',
    'pidsFd',
    'closesFds',
  ],
  cloneRefusal: ['namespaces'],
  attend: ['pidfd', 'pipes', 'deadlineNs', 'maxBytes', 'killSignal'],
  startWatcher: ['onEvents'],
  watch: ['fd', 'kind', 'ending'],
  dropEnding: ['fd'],
  unwatch: ['fd'],
  startMeter: ['dirFd', 'path', 'file', 'killDirFd', 'killPath', 'limitUs'],
  startStallMeter: [
    'dirFd',
    'path',
    'timeDirFd',
    'timePath',
    'timeFile',
    'pressureDirFd',
    'pressurePath',
    'kills',
    'killDirFd',
    'killPath',
    'limitUs',
  ],
  readMeter: ['id'],
  stopMeter: ['id'],
  setWatcherRef: ['ref'],
  pidfdOpen: ['pid'],
  pidfdSendSignal: ['pidfd', 'signal'],
  reap: ['pidfd'],
  startGuardian: ['file'],
  guard: ['dirFd', 'name', 'kind'],
  identifyGuarded: ['name', 'fd'],
  unguard: ['name', 'end'],
  countOpenCages: ['by'],
  execve: ['file', 'args', 'env'],
  unshare: ['flags'],
  setns: ['fd', 'flags'],
  openDirectory: ['path'],
  openBeneath: ['dirFd', 'path', 'access'],
  readBeneath: ['dirFd', 'path'],
  writeBeneath: ['dirFd', 'path', 'value'],
  makeDirectory: ['dirFd', 'path', 'mode'],
  removeDirectory: ['dirFd', 'path'],
  listMembers: ['dirFd', 'path', 'file'],
  findCounts: ['dirFd', 'path', 'file', 'key', 'except'],
  removeBelow: ['dirFd', 'path', 'budgetMs'],
  killAll: ['dirFd', 'path', 'spare'],
  stampDirectory: ['dirFd', 'path'],
  isStamped: ['dirFd', 'path'],
  listDirectories: ['dirFd', 'path'],
  readOpen: ['fd', 'buffer'],
  readMany: ['fds', 'paths', 'first', 'buffer', 'lengths'],
  writeOpen: ['fd', 'value'],
  checkAccess: ['path', 'mode'],
  readAttribute: ['path', 'name'],
  tryLock: ['fd'],
  tryFileLock: ['fd', 'shared'],
  isFileLocked: ['fd'],
  startScope: ['address', 'name', 'description', 'slice', 'timeoutMs'],
  startScopeAsync: ['address', 'name', 'description', 'slice', 'timeoutMs'],
  isDelegated: ['address', 'unit', 'timeoutMs'],
  isDelegatedAsync: ['address', 'unit', 'timeoutMs'],
  managerVersion: ['address', 'timeoutMs'],
  eventfdRead: ['fd'],
  waitReadable: ['fd', 'timeoutMs'],
  giveFdAway: ['fd'],
  closeFd: ['fd'],
  closeFdAsync: ['fd'],
} as const satisfies { [F in keyof Takers]: readonly OptionsOf<Takers[F]>[] };

/** The functions and options that the table lacks: there must be none. */
type Missing = { [F in keyof Takers]: Exclude<OptionsOf<Takers[F]>, (typeof NAMES)[F][number]> }[keyof Takers];
const _complete: [Missing] extends [never] ? true : Missing = true;

const checked = new Map<string | symbol, { plain: unknown; checked: unknown }>();

/** Wraps a member of the addon so that a function refuses unknown options. */
export function withCheckedOptions(key: string | symbol, plain: unknown): unknown {
  if (typeof plain !== 'function' || !isTaker(key)) return plain;
  let known = checked.get(key);
  if (known?.plain !== plain) {
    const of = `native.${key}`;
    const call = (options: unknown, ...more: unknown[]): unknown => {
      if (isRecord(options)) refuseUnknown(options, { of, known: NAMES[key] });
      return Reflect.apply(plain, undefined, [options, ...more]) as unknown;
    };
    known = { plain, checked: Object.defineProperty(call, 'name', { value: key }) };
    checked.set(key, known);
  }
  return known.checked;
}

function isTaker(key: string | symbol): key is keyof typeof NAMES {
  return Object.hasOwn(NAMES, key);
}
