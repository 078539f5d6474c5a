import { existsSync } from 'node:fs';
import {
  CAP_SYS_ADMIN,
  hasCapability,
  isInFirstUserNamespace,
  parseCapabilities,
} from '../../common/machine/capabilities';
import { readIfAllowed } from '../../common/machine/proc';
import { NAMESPACE_KINDS, NAMESPACES, type NamespaceKind } from './namespaces';

/** What can prevent namespaces. Read after a refusal, or to foresee one. */
export interface NamespaceFacts {
  /** Files in /proc/sys/user that contain 0, by the kind of namespace that they forbid. */
  forbidding: Readonly<Record<string, string>>;
  /** The kinds that this kernel does not have. */
  lacking: readonly NamespaceKind[];
  /** Whether the caller is in another user namespace than the machine's first one. */
  isNested: boolean;
  /** Whether the caller has CAP_SYS_ADMIN. The next three do not apply to it then. */
  isPrivileged: boolean;
  /** Ubuntu's `kernel.apparmor_restrict_unprivileged_userns`. */
  apparmorRestricts: boolean;
  /** Whether no AppArmor profile of its own confines the process: only such a one may have rights of its own. */
  isUnconfined: boolean;
  /** Whether `kernel.unprivileged_userns_clone` is 0, on kernels with Debian's patch. */
  sysctlForbids: boolean;
  /** Whether the caller's user or group has no number in the user namespace that it is in. */
  isUnmapped: boolean;
  /** Whether the root directory is not that of the mount namespace. Can't always be seen. */
  isChrooted: boolean;
  hasSeccompFilter: boolean;
  /** Whether PR_SET_NO_NEW_PRIVS is set: setuid programs gain no rights. */
  hasNoNewPrivileges: boolean;
}

/** @see https://man7.org/linux/man-pages/man7/namespaces.7.html for /proc/sys/user */
export function readNamespaceFacts(): NamespaceFacts {
  const status = read('/proc/thread-self/status');
  const statusNumber = (key: string): number => Number(new RegExp(`^${key}:\\s*(\\d+)$`, 'm').exec(status)?.[1] ?? 0);
  const limits = Object.entries(NAMESPACES).map(
    ([kind, { name }]) => [kind, `/proc/sys/user/max_${name}_namespaces`] as const,
  );
  const mountPoints = read('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' ')[4]);
  return {
    forbidding: Object.fromEntries(limits.filter(([, file]) => readNumber(file) === 0)),
    lacking: NAMESPACE_KINDS.filter((kind) => !existsSync(`/proc/self/ns/${NAMESPACES[kind].name}`)),
    isNested: !isInFirstUserNamespace(),
    isPrivileged: hasCapability(parseCapabilities(status), CAP_SYS_ADMIN),
    apparmorRestricts: (readNumber('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') ?? 0) > 0,
    isUnconfined: read('/proc/thread-self/attr/apparmor/current').trim() === 'unconfined',
    isUnmapped:
      !isMapped(process.geteuid?.() ?? 0, '/proc/self/uid_map') ||
      !isMapped(process.getegid?.() ?? 0, '/proc/self/gid_map'),
    sysctlForbids: readNumber('/proc/sys/kernel/unprivileged_userns_clone') === 0,
    // mountinfo is relative to the root directory, and omits what is not below it.
    isChrooted: mountPoints.length > 1 && !mountPoints.includes('/'),
    hasSeccompFilter: statusNumber('Seccomp') === 2,
    hasNoNewPrivileges: statusNumber('NoNewPrivs') === 1,
  };
}

/** An id without a number inside shows as the overflow id, which may have one, too: then this can't tell. */
function isMapped(id: number, map: string): boolean {
  const ranges = read(map)
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return ranges.some(([first = 0, , count = 0]) => id >= first && id < first + count);
}

function readNumber(path: string): number | undefined {
  return existsSync(path) ? Number(read(path)) : undefined;
}

/** A machine without this file has no such restriction. */
function read(path: string): string {
  return readIfAllowed(path) ?? '';
}
