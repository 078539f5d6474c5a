import { inheritProcessors, renew, writeControllerLimit } from '../../cgroup/controllers/controller-files';
import { type ControllerName, countsTime } from '../../cgroup/controllers/controller-name';
import { type ControllerWrite, planControllers } from '../../cgroup/controllers/controller-plan';
import type { CountedIn, UsageFile } from '../../cgroup/controllers/limits-report';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { CgroupVersion } from '../../cgroup/files/formats';
import {
  type CageLimits,
  type ControllerLimits,
  lowerCpu,
  type ResolvedCpu,
  withinAround,
} from '../../cgroup/limits/cage-limits';
import type { KillCgroup } from '../../cgroup/processes/kill-cgroup';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { ControllerHome } from '../root/cage-version';
import { namesFor } from '../root/needed-controllers';

const UNLIMITED = Number.POSITIVE_INFINITY;

/** A home below that of a cage root or of a cage around, in the same hierarchy. */
export interface HomeBelow {
  home: ControllerHome;
  /** Undefined for a locked directory of a detached cage, which is there already. */
  above: CgroupDirectory | undefined;
  /** A side cgroup that is there already, and that another cage had before. */
  isSpare?: boolean;
}

interface ControllerHomesOptions {
  version: CgroupVersion;
  memory: CgroupDirectory;
  killCgroup: KillCgroup | undefined;
  limits: CageLimits;
  own: readonly HomeBelow[];
  around: ControllerHomes | undefined;
}

/**
 * Where a cage cgroup has its limits beside memory, and where it counts. A cage cgroup without such a limit lives in those
 * of the cage around it.
 */
export class ControllerHomes {
  /** The side cgroups that its processes join (v1). */
  readonly sides: readonly ControllerHome[];
  /** The side cgroups that are this cage cgroup's own, and not those of the cage around. */
  readonly ownSides: readonly CgroupDirectory[];
  readonly counted: CountedIn;
  /** Counts the processor time of this cage cgroup; undefined if no limit needs that. */
  readonly usage: UsageFile | undefined;
  readonly #own: readonly HomeBelow[];
  /** The controllers that its limits need. A hierarchy may have others too, which are then nobody's. */
  readonly #names: readonly ControllerName[];
  readonly #version: CgroupVersion;
  /** What is in force of its own limits of processors. */
  #ownCpu: ResolvedCpu | undefined;
  readonly #around: ControllerHomes | undefined;

  constructor({ version, memory, killCgroup, limits, own, around }: ControllerHomesOptions) {
    this.#own = own;
    this.#version = version;
    this.#around = around;
    this.#names = namesFor(limits, version, killCgroup);
    const ownSides = own.map(({ home }) => home).filter(({ inMemory }) => !inMemory);
    const others = (around?.sides ?? []).filter((side) => !ownSides.some((each) => isSameHierarchy(each, side)));
    this.sides = [...ownSides, ...others];
    this.ownSides = ownSides.map(({ directory }) => directory);
    const { pids, cpu } = limits;
    const usage = (): UsageFile => {
      if (version === 2) return { directory: memory, file: 'cpu.stat' };
      if (killCgroup?.kind === 'unified') return { directory: killCgroup.directory, file: 'cpu.stat' };
      return { directory: this.#homeOf('cpuacct'), file: 'cpuacct.usage' };
    };
    this.usage = countsTime(limits) ? usage() : undefined;
    this.counted = {
      ...around?.counted,
      ...(pids !== undefined && { pids: { directory: this.#homeOf('pids'), max: UNLIMITED } }),
      ...(cpu !== undefined &&
        this.usage && {
          cpu: { directory: this.#homeOf('cpu'), max: UNLIMITED, hasSet: cpu.set !== undefined, usage: this.usage },
        }),
    };
  }

  /** The homes of this cage cgroup alone, if all of them are side cgroups that the next cage can have: no time is counted in them. */
  get reusable(): readonly ControllerHome[] {
    const homes = this.#own.map(({ home }) => home);
    const counts = this.usage !== undefined && homes.some(({ directory }) => directory === this.usage?.directory);
    return counts || homes.some(({ inMemory }) => inMemory) ? [] : homes;
  }

  /** How much of the processors it and those around it let it use. */
  get cpu(): ResolvedCpu | undefined {
    const around = this.#around?.cpu;
    const own = this.#ownCpu;
    return own === undefined || around === undefined ? (own ?? around) : lowerCpu(own, around);
  }

  /** Makes its own side cgroups, or renews spare ones. If that fails, `onMade` has been called with those to remove. */
  make(limits: ControllerLimits, onMade: (directory: CgroupDirectory) => void): void {
    for (const { home, above, isSpare = false } of this.#own) {
      if (home.inMemory || above === undefined) continue;
      const { directory, controllers } = home;
      if (isSpare) directory.letFilesStayOpen();
      else directory.make();
      onMade(directory);
      if (isSpare) renew(directory, controllers, above, limits);
      else if (controllers.includes('cpuset')) inheritProcessors(directory, above);
    }
  }

  /** @throws ERR_MEMCAGE_UNSUPPORTED for a limit of a controller that the cage was made without */
  assertHas(limits: ControllerLimits): void {
    for (const { controller, option } of planControllers(limits, this.#version)) this.#homeOf(controller, option);
  }

  /**
   * Writes limits, as far as those around allow them. If one is refused, those before it are in force.
   *
   * @throws ERR_MEMCAGE_UNSUPPORTED for a limit of a controller that the cage was made without
   */
  write(given: ControllerLimits): void {
    const limits = withinAround(given, this.#around?.cpu);
    for (const write of planControllers(limits, this.#version)) {
      writeControllerLimit(this.#homeOf(write.controller, write.option), write);
      this.#note(write.option, limits);
    }
  }

  #note(option: ControllerWrite['option'], { pids, cpu }: ControllerLimits): void {
    const { counted } = this;
    if (option === 'pids' && pids !== undefined && counted.pids !== undefined) counted.pids.max = pids;
    if (option === 'cpu.set' && cpu?.set !== undefined) this.#ownCpu = { ...this.#ownCpu, set: cpu.set };
    if (option !== 'cpu.max' || cpu?.max === undefined) return;
    this.#ownCpu = { ...this.#ownCpu, max: cpu.max };
    if (counted.cpu !== undefined) counted.cpu.max = cpu.max;
  }

  #homeOf(name: ControllerName, option: string = name): CgroupDirectory {
    const found = this.#own.find(({ home }) => home.controllers.includes(name));
    if (found !== undefined && this.#names.includes(name)) return found.home.directory;
    throw new MemcageError(
      ErrorCode.UNSUPPORTED,
      `${option} can't be set now: the cage was made without it, and its processes can't be moved safely. Make the cage ` +
        `with ${MADE_WITH[name]}`,
    );
  }
}

/** What a cage is made with so that a limit can change, though it limits nothing at first. */
const MADE_WITH: Readonly<Record<ControllerName, string>> = {
  pids: "pids: 'max'",
  cpu: "cpu: 'max'",
  cpuset: 'a cpu.set, of all processors if need be',
  cpuacct: 'cpuTimeMs',
};

function isSameHierarchy(one: ControllerHome, other: ControllerHome): boolean {
  return one.controllers.some((name) => other.controllers.includes(name));
}
