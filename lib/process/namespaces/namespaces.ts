import type { CloneOptions, NativeBinding } from '../../../types/native';
import type { NamespaceOptions } from '../../../types/options';
import { invalidArgument } from '../../common/errors/argument-errors';
import { canMakeNamespaces } from '../../common/machine/capabilities';
import { checkFlag, checkInteger } from '../../common/options/checks';
import { isRecord, readOptions } from '../../common/options/option-names';
import { mapSubordinateIds, type OwnIds } from './subordinate-ids';

export type NamespaceKind = keyof NamespaceOptions;

/** Every kind of namespace: its clone flag, and its name in `/proc/sys/user`. */
export const NAMESPACES: Readonly<Record<NamespaceKind, { flag: keyof NativeBinding['constants']; name: string }>> = {
  uts: { flag: 'CLONE_NEWUTS', name: 'uts' },
  mount: { flag: 'CLONE_NEWNS', name: 'mnt' },
  pid: { flag: 'CLONE_NEWPID', name: 'pid' },
  ipc: { flag: 'CLONE_NEWIPC', name: 'ipc' },
  net: { flag: 'CLONE_NEWNET', name: 'net' },
  cgroup: { flag: 'CLONE_NEWCGROUP', name: 'cgroup' },
  time: { flag: 'CLONE_NEWTIME', name: 'time' },
  user: { flag: 'CLONE_NEWUSER', name: 'user' },
};

export const NAMESPACE_KINDS = Object.keys(NAMESPACES) as readonly NamespaceKind[];

/** The part of the clone options that the namespaces determine. */
export type NamespacePlan = Pick<
  CloneOptions,
  'namespaces' | 'hostname' | 'idMaps' | 'idMapPrograms' | 'privateMounts' | 'mountProc' | 'loopback'
>;

export const NO_NAMESPACES: NamespacePlan = { namespaces: 0, privateMounts: false, mountProc: false, loopback: false };

/** Names in unshare(1) and Docker. */
const ALIASES = { network: 'net', mnt: 'mount', mounts: 'mount', users: 'user', hostname: 'uts', host: 'uts' } as const;

// utsname(2): __NEW_UTS_LEN.
const LONGEST_HOSTNAME = 64;
// setuid(2) takes 2^32 - 1 for "no change"; it is not an id.
const HIGHEST_ID = 2 ** 32 - 2;

/** Validates the option `namespaces` of a function, without looking at the machine. */
export function resolveNamespaces(option: unknown, of: string): NamespaceOptions {
  if (option === undefined) return {};
  if (!isRecord(option))
    throw invalidArgument('namespaces', `an object of ${NAMESPACE_KINDS.join(', ')}, such as { pid: true }`, option);
  const given = readOptions(option, { of, within: 'namespaces', known: NAMESPACE_KINDS, aliases: ALIASES });
  for (const [name, value] of Object.entries(given)) {
    if (name === 'uts' && isRecord(value)) checkUts(value, of);
    else if (name === 'user' && isRecord(value)) checkUser(value, of);
    else if (name === 'pid' && isRecord(value)) checkPid(value, of);
    else checkFlag(`namespaces.${name}`, value);
  }
  return given as NamespaceOptions;
}

function checkUts(value: Record<string, unknown>, of: string): void {
  const { hostname } = readOptions(value, { of, within: 'namespaces.uts', known: ['hostname'] });
  if (hostname === undefined) return;
  const length = typeof hostname === 'string' ? Buffer.byteLength(hostname) : 0;
  if (length < 1 || length > LONGEST_HOSTNAME || (hostname as string).includes('\0')) {
    throw invalidArgument(
      'namespaces.uts.hostname',
      `1 to ${LONGEST_HOSTNAME} bytes of text without NUL bytes`,
      hostname,
    );
  }
}

function checkPid(value: Record<string, unknown>, of: string): void {
  const { init } = readOptions(value, { of, within: 'namespaces.pid', known: ['init'] });
  if (init !== undefined) checkFlag('namespaces.pid.init', init);
}

function checkUser(value: Record<string, unknown>, of: string): void {
  const given = readOptions(value, { of, within: 'namespaces.user', known: ['uid', 'gid', 'subordinate'] });
  for (const name of ['uid', 'gid'] as const) {
    const id = given[name];
    if (id !== undefined) checkInteger(`namespaces.user.${name}`, id, { least: 0, most: HIGHEST_ID });
  }
  const { subordinate } = given;
  if (subordinate !== undefined) checkFlag('namespaces.user.subordinate', subordinate);
}

/** Whether the end of one process ends all others. */
export function hasPidNamespace({ pid }: NamespaceOptions): boolean {
  return isWanted(pid);
}

/** Whether the path of its cgroup is hidden from the child. */
export function hasCgroupNamespace({ cgroup }: NamespaceOptions): boolean {
  return isWanted(cgroup);
}

/** Whether it is born without rights in the parent's user namespace. */
export function hasUserNamespace({ user }: NamespaceOptions): boolean {
  return isWanted(user);
}

/** Whether exec takes the capabilities that it is born with: in its user namespace it has them all, but is not root. */
export function losesCapabilities(options: NamespaceOptions): boolean {
  return hasUserNamespace(options) && ownIds(options.user).uid.inside !== 0;
}

/** Whether pid 1 is memcage's init. */
export function hasInit({ pid }: NamespaceOptions): boolean {
  return typeof pid === 'object' && pid.init === true;
}

/** The signal that ends a child: pid 1 ignores SIGTERM unless it handles it. Undefined for Node's default. */
export function defaultKillSignal(options: NamespaceOptions): 'SIGKILL' | undefined {
  return hasPidNamespace(options) && !hasInit(options) ? 'SIGKILL' : undefined;
}

/** Adds the user namespace that gives an unprivileged caller the right to make the others. */
export function withRights(options: NamespaceOptions): NamespaceOptions {
  if (options.user !== undefined || !NAMESPACE_KINDS.some((kind) => isWanted(options[kind])) || canMakeNamespaces())
    return options;
  return { ...options, user: true };
}

export function wantedKinds(options: NamespaceOptions): NamespaceKind[] {
  return NAMESPACE_KINDS.filter((kind) => isWanted(options[kind]));
}

/**
 * The options for the addon.
 *
 * @param hasRoot the child's own root directory gets its `/proc` with it
 */
export function planNamespaces(
  options: NamespaceOptions,
  { constants }: NativeBinding,
  { hasRoot = false } = {},
): NamespacePlan {
  const wanted = (kind: NamespaceKind): boolean => isWanted(options[kind]);
  let namespaces = 0;
  for (const kind of wantedKinds(options)) namespaces += constants[NAMESPACES[kind].flag];
  const hostname = typeof options.uts === 'object' ? options.uts.hostname : undefined;
  return {
    namespaces,
    privateMounts: wanted('mount'),
    // A /proc of the parent's PID namespace would show the child other pids than its own.
    mountProc: wanted('mount') && wanted('pid') && !hasRoot,
    loopback: wanted('net'),
    ...(hostname !== undefined && { hostname }),
    ...(wanted('user') && planIds(options.user)),
  };
}

function isWanted(value: NamespaceOptions[NamespaceKind]): boolean {
  return value !== undefined && value !== false;
}

/** The ids of this process, inside and outside a user namespace of the child's. */
function ownIds(user: NamespaceOptions['user']): OwnIds {
  const ids = typeof user === 'object' ? user : {};
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  return { uid: { inside: ids.uid ?? uid, outside: uid }, gid: { inside: ids.gid ?? gid, outside: gid } };
}

function planIds(user: NamespaceOptions['user']): Pick<CloneOptions, 'idMaps' | 'idMapPrograms'> {
  const own = ownIds(user);
  if (typeof user === 'object' && user.subordinate === true) return { idMapPrograms: mapSubordinateIds(own) };
  // An unprivileged process may write only this line itself, with its own id. See user_namespaces(7).
  const line = ({ inside, outside }: OwnIds['uid']): string => `${inside} ${outside} 1`;
  return { idMaps: { uidMap: line(own.uid), gidMap: line(own.gid) } };
}
