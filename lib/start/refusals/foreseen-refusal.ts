import { lstatSync, statSync } from 'node:fs';
import { constants, getPriority, release } from 'node:os';
import { dirname } from 'node:path';
import type { CloneFailure, NativeBinding, Stage } from '../../../types/native';
import type { NamespaceOptions } from '../../../types/options';
import { invalidArgument } from '../../common/errors/argument-errors';
import { MemcageError } from '../../common/errors/errors';
import {
  CAP_SETPCAP,
  CAP_SYS_ADMIN,
  CAP_SYS_NICE,
  type CapabilitySets,
  canRaiseLimits,
  hasCapability,
  isInFirstUserNamespace,
  knownCapabilities,
  readCapabilities,
} from '../../common/machine/capabilities';
import { isOlderThan } from '../../common/machine/versions';
import { isWithin } from '../../common/text/names';
import { launcherPath } from '../../process/launcher/executable';
import { type NamespaceFacts, readNamespaceFacts } from '../../process/namespaces/namespace-facts';
import {
  hasInit,
  hasUserNamespace,
  type NamespaceKind,
  planNamespaces,
  wantedKinds,
} from '../../process/namespaces/namespaces';
import { needsDev, type Root } from '../../process/root/root';
import { type ChildSettings, NO_SETTINGS } from '../../process/settings/child-settings';
import type { Privileges } from '../../process/settings/privileges';
import { ownLimits, type ResourceName, type Rlimits, recentLimits } from '../../process/settings/resource-limits';
import { forbidsWrite } from '../../process/settings/seccomp-filter';
import { explainFailure } from './explain-failure';
import { startError } from './explanation';
import { explainRoot, type RootFailure } from './root-refusal';
import { explainSetting, lackingOf, readSettingFacts, type SettingFacts, type SettingFailure } from './setting-refusal';

const { EACCES, EINVAL, ENOENT, ENOSPC, ENOSYS, ENOTDIR, EPERM } = constants.errno;

/**
 * Why a child can't have these namespaces, as a start would throw it; null if nothing is known that forbids them.
 * Starts nothing.
 */
export function whyNoNamespaces(native: NativeBinding, namespaces: NamespaceOptions): MemcageError | null {
  const wanted = wantedKinds(namespaces);
  if (wanted.length === 0) return null;
  try {
    if (hasInit(namespaces)) launcherPath();
    const { namespaces: flags, idMapPrograms } = planNamespaces(namespaces, native);
    const facts = readNamespaceFacts();
    const filtered = facts.hasSeccompFilter ? (native.cloneRefusal({ namespaces: flags }) ?? undefined) : undefined;
    const failure = filtered ?? foreseeRefusal(wanted, facts, { mapsItself: idMapPrograms === undefined });
    if (failure === undefined) return null;
    const { error } = explainFailure(failure, { namespaces, settings: NO_SETTINGS });
    return error instanceof MemcageError ? error : null;
  } catch (error) {
    if (error instanceof MemcageError) return error;
    throw error;
  }
}

/**
 * What the kernel would refuse, in the order in which it looks: the user namespace, its owner's rights, then the rest.
 * The cgroup namespace comes last, since the child makes it by itself.
 *
 * @param mapsItself no newuidmap maps the ids
 */
export function foreseeRefusal(
  wanted: readonly NamespaceKind[],
  facts: NamespaceFacts,
  { mapsItself }: { mapsItself: boolean },
): CloneFailure | undefined {
  const { forbidding, lacking, isPrivileged } = facts;
  const cloned = wanted.filter((kind) => kind !== 'cgroup');
  const atClone = (errno: number) => failed('clone', errno, 'clone3');
  const atUnshare = (errno: number) => failed('cgroup-namespace', errno, 'unshare');
  if (wanted.includes('user')) {
    if (facts.sysctlForbids && !isPrivileged) return atClone(EPERM);
    if (lacking.includes('user')) return atClone(EINVAL);
    if ('user' in forbidding) return atClone(ENOSPC);
    if (facts.isChrooted || facts.isUnmapped) return atClone(EPERM);
  } else if (!isPrivileged) {
    return cloned.length > 0 ? atClone(EPERM) : atUnshare(EPERM);
  }
  if (cloned.some((kind) => kind in forbidding)) return atClone(ENOSPC);
  if (cloned.some((kind) => lacking.includes(kind))) return atClone(EINVAL);
  if (wanted.includes('cgroup') && 'cgroup' in forbidding) return atUnshare(ENOSPC);
  if (wanted.includes('cgroup') && lacking.includes('cgroup')) return atUnshare(EINVAL);
  if (!wanted.includes('user') || !mapsItself) return undefined;
  const areRightsTaken = facts.apparmorRestricts && facts.isUnconfined && !isPrivileged;
  return areRightsTaken ? failed('id-maps', EPERM, 'write', '/proc/self/setgroups') : undefined;
}

function failed<S extends Stage>(stage: S, errno: number, syscall: string, path = ''): CloneFailure & { stage: S } {
  return { stage, errno: -errno, path, syscall };
}

/** Why a child can't have this root, as a start would throw it; null if nothing is known that forbids it. Makes nothing. */
export function whyNoRoot(root: Root | undefined, kernel = release()): MemcageError | null {
  if (root === undefined) return null;
  const failure = foreseeRootRefusal(root, kernel);
  return failure === undefined ? null : startError(failure, explainRoot(failure, root, readNamespaceFacts()));
}

function foreseeRootRefusal(root: Root, kernel: string): RootFailure | undefined {
  const { path, readOnly, mounts } = root;
  if (isOlderThan([5, 6], kernel)) return failed('root-target', ENOSYS, 'openat2');
  const hasReadOnly = readOnly || mounts.some(({ mount }) => mount.kind === 'bind' && mount.readOnly);
  if (hasReadOnly && isOlderThan([5, 12], kernel)) return failed('root-read-only', ENOSYS, 'mount_setattr');
  if (path !== undefined) {
    const found = look(path);
    if (found === undefined) return failed('root', ENOENT, 'openat2', path);
    if (!found.isDirectory()) return failed('root', ENOTDIR, 'openat2', path);
  }
  for (const { mount } of mounts) {
    if (mount.kind === 'bind' && look(mount.from) === undefined) {
      return failed('root-source', ENOENT, 'openat2', mount.from);
    }
  }
  return foreseeMissingTarget(root);
}

/** Of another root it looks only for what is directly in it: from outside, its symbolic links lead elsewhere. */
function foreseeMissingTarget({ path, empty, mounts }: Root): RootFailure | undefined {
  if (empty !== undefined) return undefined;
  const all = mounts.map(({ mount }) => mount);
  if (path !== undefined && look(`${path}/proc`, lstatSync) === undefined) {
    return failed('root-proc', ENOENT, 'openat2', '/proc');
  }
  if (needsDev(path !== undefined, all) && look(`${path}/dev`, lstatSync) === undefined) {
    return failed('root-dev', ENOENT, 'openat2', '/dev');
  }
  const own = all.filter(
    (mount) => !mount.create && !all.some((other) => other !== mount && isWithin(mount.to, other.to)),
  );
  for (const { to } of path === undefined ? own : own.filter((mount) => dirname(mount.to) === '/')) {
    const found = path === undefined ? look(to) : look(`${path}${to}`, lstatSync);
    if (found === undefined) return failed('root-target', ENOENT, 'openat2', to);
  }
  return undefined;
}

/** What is at the path; undefined if nothing is. What this user can't look at, the child may still find: it has the rights of its namespace. */
function look(
  path: string,
  stat: typeof statSync | typeof lstatSync = statSync,
): { isDirectory(): boolean } | undefined {
  try {
    return stat(path, { throwIfNoEntry: false });
  } catch {
    return { isDirectory: () => true };
  }
}

/**
 * Throws for a filter that would hide a failed start below an init. Throws what a start would throw for capabilities
 * that this process can't leave a child, for a filter that it may not give one, for a hard limit that it may not raise, or for a nice value that it may not
 * lower so far. Other refusals show only when the child takes its settings.
 */
export function refuseSettings(settings: ChildSettings, namespaces: NamespaceOptions): void {
  refuseLimits(settings, namespaces);
  refuseNice(settings, namespaces);
  const { seccomp } = settings.privileges;
  if (seccomp !== undefined && hasInit(namespaces) && forbidsWrite(seccomp)) {
    const expected =
      'a filter that allows write(2): below an init (namespaces.pid.init, which root implies) the child says with it why its program could not ' +
      'be run, which would otherwise look as if it had run. Allow write(2), or leave out init';
    throw invalidArgument('privileges.seccomp', expected, seccomp);
  }
  // In a user namespace of its own a child is born with all capabilities, and an init gives them up as early.
  const failure = hasUserNamespace(namespaces) ? undefined : foreseeRefusedPrivileges(settings.privileges);
  if (failure !== undefined) throw startError(failure, explainSetting(failure, settings, readSettingFacts(namespaces)));
}

/** If limits of this process are lower now than at the last look, the child's own setrlimit finds out. */
function refuseLimits(settings: ChildSettings, namespaces: NamespaceOptions): void {
  const names = Object.keys(settings.rlimits) as ResourceName[];
  // Nobody may have more files than a sysctl allows.
  const mayRaise = canRaiseLimits() && !hasUserNamespace(namespaces);
  const bounded = mayRaise ? names.filter((name) => name === 'nofile') : names;
  if (bounded.length === 0) return;
  const firstAbove = (own: Rlimits) => bounded.find((name) => hardOf(settings.rlimits, name) > hardOf(own, name));
  if (firstAbove(recentLimits()) === undefined) return;
  // This process may have got the capability, or a higher limit, since the last look.
  const facts = readSettingFacts(namespaces);
  const path = firstAbove(facts.own);
  if (path === undefined || (facts.mayRaise && !isAboveMostFiles(settings, facts))) return;
  const failure = failed('rlimits', EPERM, 'prlimit64', path);
  throw startError(failure, explainSetting(failure, settings, facts));
}

function refuseNice(settings: ChildSettings, namespaces: NamespaceOptions): void {
  const { nice, rlimits } = settings;
  if (nice === undefined || nice >= getPriority()) return;
  const { soft = 0 } = rlimits.nice ?? ownLimits().nice ?? {};
  if (20 - nice <= soft) return;
  const isPrivileged = isInFirstUserNamespace() && hasCapability(readCapabilities(), CAP_SYS_NICE);
  if (isPrivileged && !hasUserNamespace(namespaces)) return;
  const failure = failed('nice', EACCES, 'setpriority');
  throw startError(failure, explainSetting(failure, settings, readSettingFacts(namespaces)));
}

function isAboveMostFiles({ rlimits }: ChildSettings, { mostFiles = Number.POSITIVE_INFINITY }: SettingFacts): boolean {
  return rlimits.nofile !== undefined && rlimits.nofile.hard > mostFiles;
}

function hardOf(limits: Rlimits, name: ResourceName): number {
  return limits[name]?.hard ?? Number.POSITIVE_INFINITY;
}

/** Why this process can't leave a child just these capabilities, or give it that filter, which then fails at that step; undefined if it can. */
function foreseeRefusedPrivileges(privileges: Privileges): SettingFailure | undefined {
  if (privileges.capabilities === undefined && privileges.seccomp === undefined) return undefined;
  const refusal = refusalBy(knownCapabilities(), privileges);
  // This process may have got capabilities since the last look.
  return refusal && refusalBy(readCapabilities(), privileges);
}

function refusalBy(
  sets: CapabilitySets,
  { capabilities: kept, seccomp, noNewPrivileges }: Privileges,
): SettingFailure | undefined {
  // The child installs it before it gives anything up.
  const isEarly = seccomp !== undefined && noNewPrivileges === false;
  if (isEarly && !hasCapability(sets, CAP_SYS_ADMIN)) return failed('seccomp', EACCES, 'seccomp');
  if (kept === undefined) return undefined;
  if (lackingOf(sets, kept) !== 0n) return failed('capabilities', EPERM, 'capset', 'capset');
  if ((sets.bounding & ~kept) === 0n || hasCapability(sets, CAP_SETPCAP)) return undefined;
  return failed('bounding-set', EPERM, 'prctl', 'PR_CAPBSET_DROP');
}
