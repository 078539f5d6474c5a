import { constants } from 'node:os';
import type { CloneFailure, NativeBinding } from '../../../types/native';
import type { NamespaceOptions } from '../../../types/options';
import { MemcageError } from '../../common/errors/errors';
import { launcherPath } from '../../process/launcher/executable';
import { type NamespaceFacts, readNamespaceFacts } from '../../process/namespaces/namespace-facts';
import { hasInit, type NamespaceKind, planNamespaces, wantedKinds } from '../../process/namespaces/namespaces';
import { NO_SETTINGS } from '../../process/settings/child-settings';
import { explainFailure } from './explain-failure';

const { EACCES, EINVAL, ENOSPC, EPERM } = constants.errno;

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
    const { error } = explainFailure(failure, {
      cgroup: undefined,
      namespaces,
      root: undefined,
      settings: NO_SETTINGS,
      isLate: false,
    });
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
  const atClone = (errno: number): CloneFailure => ({
    stage: 'clone',
    errno: -errno,
    path: '',
    syscall: 'clone3',
  });
  const atUnshare = (errno: number): CloneFailure => ({
    stage: 'cgroup-namespace',
    errno: -errno,
    path: '',
    syscall: 'unshare',
  });
  const atMaps = (errno: number, syscall: string): CloneFailure => ({
    stage: 'id-maps',
    errno: -errno,
    path: '/proc/self/setgroups',
    syscall,
  });
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
  if (facts.isUndumpable) return atMaps(EACCES, 'openat');
  return facts.apparmorRestricts && facts.isUnconfined && !isPrivileged ? atMaps(EPERM, 'write') : undefined;
}
