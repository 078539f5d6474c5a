import type { Diagnosis, Finding } from '../../../types/diagnosis';
import type { ParentCandidate } from '../../../types/parent';
import { type Host, host } from '../../cgroup/hierarchy/host';
import { nameCandidate } from '../../cgroup/placement/candidates';
import { parentCandidates } from '../../cgroup/placement/default-parent';
import { probeSystemd } from '../../cgroup/placement/systemd';
import { whyNotLoaded } from '../../common/addon/load-native';
import { invalidArgument } from '../../common/errors/argument-errors';
import { checkOptions } from '../../common/options/option-names';
import { missing, ok } from './finding';
import { findContainer, findGuardian, findKernel, findNamespaces, findPressure, findUser } from './machine';
import { findControllers, findHierarchy, findOwn, findSwap } from './memory';
import { tryLimits } from './try-limits';

/** Options of {@link diagnose}. */
export interface DiagnoseOptions {
  /**
   * Run the main job once, in a cage, and let the result decide `works`; then try each limit beside memory, or where no cage
   * can be made, whether memcage can poll one. On cgroup v2 this may move the process into another cgroup, as the first cage
   * would. Default: false, `works` follows from the other findings.
   */
  trial?: boolean;
}

/**
 * Find out what this machine offers for cages, and what is missing. Starts a child in each kind of namespace, without
 * a cage. A bad finding never makes it throw.
 *
 * ```js run
 * import { diagnose } from 'memcage/machine';
 *
 * const { works, findings } = await diagnose();
 * console.log(works, findings.some(({ name }) => name === 'kernel'));
 * ```
 *
 * ```text output
 * true true
 * ```
 */
export async function diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const { trial } = checkOptions(options, { of: 'diagnose', known: ['trial'] });
  if (trial !== undefined && typeof trial !== 'boolean') throw invalidArgument('trial', 'true or false', trial);

  const addon = missingAddon();
  if (addon !== undefined) return { works: false, findings: [findKernel(), addon], parents: [] };
  const current = findHost();
  const cgroups = 'name' in current ? { findings: [current], parents: [] } : findCgroups(current);
  const findings = [
    findKernel({ works: true }),
    ...cgroups.findings,
    ...(await findNamespaces()),
    findPressure(),
    findContainer(),
    findGuardian(),
    findUser(),
    ...(trial === true ? await tryLimits() : []),
  ];
  return { works: works(findings), findings, parents: cgroups.parents };
}

function works(findings: readonly Finding[]): boolean {
  const needed = [
    'kernel',
    'addon',
    'cgroup',
    'parent',
    'guardian',
    'namespace.uts',
    'namespace.mount',
    'namespace.pid',
  ];
  const trial = findings.find(({ name }) => name === 'trial');
  if (trial !== undefined) return trial.state === 'ok';
  return findings.every(({ name, state }) => state !== 'missing' || !needed.includes(name));
}

function missingAddon(): Finding | undefined {
  try {
    const failure = whyNotLoaded();
    if (failure === undefined) return undefined;
    const { detail, cure } = failure;
    return missing('addon', detail, cure);
  } catch (error) {
    return missing('addon', (error as Error).message);
  }
}

function findHost(): Host | Finding {
  try {
    return host();
  } catch (error) {
    return missing('cgroup', (error as Error).message);
  }
}

function findCgroups(current: Host): { findings: Finding[]; parents: ParentCandidate[] } {
  const systemd = probeSystemd();
  const parents = candidates(current);
  const last = parents.at(-1);
  const usable = last !== undefined && last.refusal === null && (last.source !== 'systemd' || systemd.answers);
  const parent = usable
    ? ok('parent', `cages are made in ${nameCandidate(last)}`)
    : missing('parent', 'no cgroup can be the parent of cages');
  // Who has a place for cages needs no other.
  const asked =
    systemd.answers || usable || systemd.cure === undefined
      ? ok('systemd', systemd.detail)
      : missing('systemd', systemd.detail, systemd.cure);
  return {
    findings: [findHierarchy(current), findOwn(), findControllers(current), parent, findSwap(current), asked],
    parents,
  };
}

function candidates(current: Host): ParentCandidate[] {
  try {
    return parentCandidates(current);
  } catch (error) {
    return [{ source: 'own', path: null, refusal: (error as Error).message, cure: null }];
  }
}
