import { type ControllerName, controllersFor } from '../../cgroup/controllers/controller-name';
import { planControllers } from '../../cgroup/controllers/controller-plan';
import { inheritProcessors } from '../../cgroup/controllers/cpuset-v1';
import type { CountedIn, UsageFile } from '../../cgroup/controllers/limits-report';
import { writeControllerLimit } from '../../cgroup/controllers/write-limit';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { CgroupVersion } from '../../cgroup/files/formats';
import type { CageLimits, ControllerLimits } from '../../cgroup/limits/cage-limits';
import type { KillCgroup } from '../../cgroup/processes/kill-cgroup';
import { ErrorCode, MemcageError } from '../../errors/errors';
import type { ControllerHome } from '../root/root-controllers';

const UNLIMITED = Number.POSITIVE_INFINITY;

/** A home below that of a cage root or of a cage around, in the same hierarchy. */
export interface HomeBelow {
  home: ControllerHome;
  /** Undefined for one that is there already: a locked directory of a detached cage, or a spare one. */
  above: CgroupDirectory | undefined;
}

interface Parts {
  version: CgroupVersion;
  memory: CgroupDirectory;
  killCgroup: KillCgroup | undefined;
  limits: CageLimits;
  own: readonly HomeBelow[];
  around: ControllerHomes | undefined;
}

/** The controllers to ask a cage root or a cage for, so that a cage below has what its limits need. */
export function namesFor(
  limits: CageLimits,
  version: CgroupVersion,
  killCgroup: KillCgroup | undefined,
): ControllerName[] {
  return controllersFor(limits, { version, hasUnified: version === 2 || killCgroup?.kind === 'unified' });
}

/**
 * Where a cage cgroup has its limits beside memory, and where it counts. A cage cgroup without such a limit lives in those
 * of the cage around it.
 */
export class ControllerHomes {
  /** The side cgroups that its processes join (v1). */
  readonly sides: readonly ControllerHome[];
  /** Those of {@link sides} that are this cage cgroup's own. */
  readonly ownSides: readonly CgroupDirectory[];
  readonly counted: CountedIn;
  /** Counts the processor time of this cage cgroup; undefined if no limit needs that. */
  readonly usage: UsageFile | undefined;
  readonly #own: readonly HomeBelow[];
  readonly #version: CgroupVersion;

  constructor({ version, memory, killCgroup, limits, own, around }: Parts) {
    this.#own = own;
    this.#version = version;
    const ownSides = own.map(({ home }) => home).filter(({ inMemory }) => !inMemory);
    const others = (around?.sides ?? []).filter((side) => !ownSides.some((each) => isSameHierarchy(each, side)));
    this.sides = [...ownSides, ...others];
    this.ownSides = ownSides.map(({ directory }) => directory);
    const { pids, cpu, cpuTimeMs } = limits;
    const usage = (): UsageFile => {
      if (version === 2) return { directory: memory, file: 'cpu.stat' };
      if (killCgroup?.kind === 'unified') return { directory: killCgroup.directory, file: 'cpu.stat' };
      return { directory: this.#homeOf('cpuacct'), file: 'cpuacct.usage' };
    };
    this.usage = cpu === undefined && cpuTimeMs === undefined ? undefined : usage();
    this.counted = {
      ...around?.counted,
      ...(pids !== undefined && { pids: { directory: this.#homeOf('pids'), max: UNLIMITED } }),
      ...(cpu !== undefined &&
        this.usage && { cpu: { directory: this.#homeOf('cpu'), max: UNLIMITED, usage: this.usage } }),
    };
  }

  /** Its own homes, if all of them are side cgroups that the next cage can have: nothing else counts in them. */
  get reusable(): readonly ControllerHome[] {
    const homes = this.#own.map(({ home }) => home);
    const counts = this.usage !== undefined && homes.some(({ directory }) => directory === this.usage?.directory);
    return counts || homes.some(({ inMemory }) => inMemory) ? [] : homes;
  }

  /** Makes its own side cgroups. If one can't be made, `onMade` has been called with those that were. */
  make(onMade: (directory: CgroupDirectory) => void): void {
    for (const { home, above } of this.#own) {
      if (home.inMemory) continue;
      if (above !== undefined) home.directory.make();
      onMade(home.directory);
      if (above === undefined) continue;
      if (home.controllers.includes('cpuset')) inheritProcessors(home.directory, above);
    }
  }

  /** @throws ERR_MEMCAGE_UNSUPPORTED for a limit of a controller that the cage was made without */
  assertHas(limits: ControllerLimits): void {
    for (const { controller, option } of planControllers(limits, this.#version)) this.#homeOf(controller, option);
  }

  /** @throws ERR_MEMCAGE_UNSUPPORTED for a limit of a controller that the cage was made without */
  write(limits: ControllerLimits): void {
    for (const write of planControllers(limits, this.#version)) {
      writeControllerLimit(this.#homeOf(write.controller, write.option), write);
    }
    const { pids, cpu } = this.counted;
    if (pids !== undefined && limits.pids !== undefined) pids.max = limits.pids;
    if (cpu !== undefined && limits.cpu?.max !== undefined) cpu.max = limits.cpu.max;
  }

  #homeOf(name: ControllerName, option: string = name): CgroupDirectory {
    const found = this.#own.find(({ home }) => home.controllers.includes(name));
    if (found !== undefined) return found.home.directory;
    throw new MemcageError(
      ErrorCode.UNSUPPORTED,
      `${option} can't be set now: the cage was made without it, and its processes can't be moved safely. Make the cage ` +
        "with a limit of that kind, if only pids: 'max' or cpu: Infinity",
    );
  }
}

function isSameHierarchy(one: ControllerHome, other: ControllerHome): boolean {
  return one.controllers.some((name) => other.controllers.includes(name));
}
