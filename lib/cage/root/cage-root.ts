import { foreseeProcessors } from '../../cgroup/controllers/controller-files';
import type { ControllerName } from '../../cgroup/controllers/controller-name';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { missingFile } from '../../cgroup/directory/refused-file';
import type { CgroupVersion } from '../../cgroup/files/formats';
import { memoryFile } from '../../cgroup/files/roles';
import { foreseenHost, type Host, inDirectory, openDirectory, ownPath } from '../../cgroup/hierarchy/host';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import { type LimitContext, planLimits } from '../../cgroup/limits/limit-plan';
import type { ForeseenParent } from '../../cgroup/placement/default-parent';
import { whyNoDirectoryIn } from '../../cgroup/placement/given-parent';
import { foreseenGuardianError, wantsGuardian } from '../../cgroup/processes/guardian';
import type { KillCgroup } from '../../cgroup/processes/kill-cgroup';
import { isWithin } from '../../common/text/names';
import type { OomSurroundings } from '../oom/limits-around';
import type { CageVersion, ControllerHome, ForeseenPlace, RootControllers, RootDirectories } from './cage-version';
import { CAGES_V1 } from './cages-v1';
import { CAGES_V2 } from './cages-v2';
import { makeBeside, type RootKillCgroup } from './kill-hierarchy';
import { makeLocked, release } from './locked-directory';
import { namesFor } from './needed-controllers';
import { foreseenRefusal, refusedParent } from './refused-parent';
import { DETACHED_PREFIX, OWNER_PREFIX, sweep } from './sweep';

const VERSIONS: Readonly<Record<CgroupVersion, CageVersion>> = { 1: CAGES_V1, 2: CAGES_V2 };

const MAX_FILE = { 1: memoryFile('max', 1), 2: memoryFile('max', 2) } as const;
const SWAP_FILE = { 1: memoryFile('memsw', 1), 2: memoryFile('swap', 2) } as const;
const TCP_FILE = memoryFile('tcp', 1);

export function cageVersion(version: CgroupVersion): CageVersion {
  return VERSIONS[version];
}

/** Locked directories beside the cage root's. Homes in memory's directory are the cage root's. */
interface DetachedDirectories {
  memory: CgroupDirectory;
  killCgroup: KillCgroup | undefined;
  homes: readonly ControllerHome[];
}

/** The locked directory in which one thread (main thread or worker) makes its cages, and what those cages share. */
export class CageRoot {
  readonly memory: CgroupDirectory;
  readonly killCgroup: RootKillCgroup | undefined;
  readonly controllers: RootControllers;
  /** The guardian ends its cages if this process is killed. */
  readonly hasGuardian: boolean;
  readonly limitContext: Omit<LimitContext, 'current'>;
  readonly surroundings: OomSurroundings;
  /** Each cgroup above it is above this process too. Not with a parent elsewhere, or where no mount shows this process's own. */
  readonly sharesAncestors: boolean;
  readonly #parent: CgroupDirectory;
  readonly #onEnd: (() => void)[] = [];
  #names = 0;
  #holders = 0;
  #isAbandoned = false;

  /** Sweeps the parent first. */
  static make(host: Host, parentPath: string): CageRoot {
    const { enableLimitsBelow, holdBelow, makeKillCgroup } = cageVersion(host.version);
    const parent = openParent(parentPath, host);
    let memory: CgroupDirectory | undefined;
    let killCgroup: RootKillCgroup | undefined;
    try {
      enableLimitsBelow(parent);
      sweep(parent);
      const hasGuardian = wantsGuardian();
      memory = makeLocked(parent, OWNER_PREFIX, hasGuardian ? 'owner' : undefined);
      holdBelow(memory);
      killCgroup = makeKillCgroup(host, hasGuardian);
      return new CageRoot({ host, parent, memory, killCgroup, hasGuardian });
    } catch (error) {
      if (killCgroup !== undefined) release(killCgroup.directory);
      if (memory !== undefined) release(memory);
      parent.close();
      throw error;
    }
  }

  /**
   * Throws what {@link make}, and then a cage with these limits, would throw, as far as that can be known without making anything.
   *
   * @param place undefined for a scope that systemd has yet to make: then nothing but the guardian can be missing, and on v1
   *   controllers
   */
  static foresee(host: Host, place: ForeseenParent | undefined, limits: CageLimits): void {
    const parent = place && openParent(place.path, host);
    // What is made ready first has been judged.
    const ready = place?.isReady === true ? parent : undefined;
    const version = cageVersion(host.version);
    try {
      if (ready !== undefined) version.foreseeLimitsBelow(ready, host);
      const guardian = wantsGuardian() ? foreseenGuardianError() : undefined;
      if (guardian !== undefined) throw guardian;
      const code = ready && whyNoDirectoryIn(ready.path);
      if (ready !== undefined && code !== undefined) throw foreseenRefusal(ready.path, code, 'mkdirat', host);
      foreseeLimits(limits, { host, parent, killCgroup: version.foreseeKillCgroup(host) }, parent);
      if (ready !== undefined) version.foreseeJoin(ready, host);
    } finally {
      parent?.close();
    }
  }

  /** Throws what a cage with these limits would throw, as far as that can be known without making anything. */
  foresee(limits: CageLimits): void {
    foreseeLimits(limits, { host: foreseenHost(), parent: this.#parent, killCgroup: this.killCgroup }, this.memory);
  }

  private constructor(directories: RootDirectories) {
    const { host, parent, memory, killCgroup, hasGuardian } = directories;
    const { enableLimitsBelow, openControllers, openAncestors } = cageVersion(host.version);
    this.#parent = parent;
    this.memory = memory;
    this.killCgroup = killCgroup;
    this.hasGuardian = hasGuardian;
    enableLimitsBelow(memory);
    this.controllers = openControllers(directories);
    const own = ownPath(host.memory);
    this.sharesAncestors = own !== undefined && isWithin(own, parent.path);
    this.limitContext = contextIn(memory, host.version);
    // Last, since it opens fds: nothing after it can fail.
    this.surroundings = { version: host.version, cages: [], ancestors: openAncestors(memory, host) };
  }

  /** Whether someone removed its directories, or took what its cages need from them. */
  get isGone(): boolean {
    return !this.memory.exists() || this.killCgroup?.directory.exists() === false || this.controllers.isGone;
  }

  /** A number that no cage of this root has or had in its name. */
  nextNumber(): number {
    this.#names += 1;
    return this.#names;
  }

  /** A locked cgroup beside the root, for a cage that outlives it. */
  makeDetached(controllers: readonly ControllerName[]): DetachedDirectories {
    const { killCgroup: rootKillCgroup, hasGuardian } = this;
    const memory = makeLocked(this.#parent, DETACHED_PREFIX, hasGuardian ? 'detached' : undefined);
    let killCgroup: KillCgroup | undefined;
    try {
      cageVersion(this.limitContext.version).holdBelow(memory);
      killCgroup = rootKillCgroup && makeBeside(rootKillCgroup, DETACHED_PREFIX, hasGuardian);
      const homes = this.controllers.makeDetached(controllers);
      return { memory, killCgroup, homes };
    } catch (error) {
      if (killCgroup !== undefined) release(killCgroup.directory);
      release(memory);
      throw error;
    }
  }

  /** Keeps the root's fds open for a cage, which calls the returned function when it no longer needs them. */
  use(): () => void {
    this.#holders += 1;
    return () => {
      this.#holders -= 1;
      if (this.#isAbandoned && this.#holders === 0) this.remove();
    };
  }

  /** Calls `callback` when no more cages will be made, while the fds are still open. */
  onEnd(callback: () => void): void {
    this.#onEnd.push(callback);
  }

  /** For a root that {@link isGone}: closes the fds as soon as no cage uses them. */
  abandon(): void {
    this.#end();
    this.#isAbandoned = true;
    if (this.#holders === 0) this.remove();
  }

  /** Removes the directories, blocking. For the end of the thread. */
  remove(): void {
    this.#end();
    // Before the removal, which a v1 eventfd would count.
    this.surroundings.ancestors.close();
    if (this.killCgroup !== undefined) release(this.killCgroup.directory);
    this.controllers.remove();
    release(this.memory);
    this.#parent.close();
  }

  #end(): void {
    for (const callback of this.#onEnd.splice(0)) callback();
  }
}

function contextIn(memory: CgroupDirectory, version: CgroupVersion): Omit<LimitContext, 'current'> {
  return {
    version,
    swapAccounting: memory.has(SWAP_FILE[version]),
    tcpAccounting: memory.has(TCP_FILE),
    pageBytes: memory.native.constants.pageSize,
  };
}

/** @param around a cgroup around the cage */
function foreseeLimits(limits: CageLimits, place: ForeseenPlace, around: CgroupDirectory | undefined): void {
  const { version } = place.host;
  const { foreseeControllers, processorsAround } = cageVersion(version);
  // A cage has the files that a cgroup around it has. The root of v2 has none, and so tells nothing of them.
  const alike = around?.has(MAX_FILE[version]) === true ? around : undefined;
  const context = alike === undefined ? { version, swapAccounting: true } : contextIn(alike, version);
  for (const { file, option } of planLimits(limits.memory, context).writes) {
    if (alike?.has(file) === false) throw missingFile(alike, file, { subject: option, option });
  }
  foreseeControllers(namesFor(limits, version, place.killCgroup), place);
  const { set } = limits.cpu ?? {};
  const path = set === undefined ? undefined : processorsAround(place);
  if (set !== undefined && path !== undefined) inDirectory(path, (directory) => foreseeProcessors(directory, set));
}

function openParent(path: string, host: Host): CgroupDirectory {
  try {
    return openDirectory(path);
  } catch (error) {
    throw refusedParent(path, error, host);
  }
}
