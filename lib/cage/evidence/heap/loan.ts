import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { CgroupDirectory } from '../../../cgroup/directory/directory';
import { isGone, refusedWith, unlessGone } from '../../../cgroup/directory/refusal';
import type { CgroupVersion } from '../../../cgroup/files/formats';
import { setFrozen } from '../../../cgroup/processes/freezer';
import type { KillCgroup } from '../../../cgroup/processes/kill-cgroup';
import { listPids } from '../../../cgroup/processes/pids';
import type { SharedCageState } from '../shared-state';
import { countKills } from './count-kills';

/** A cgroup's directories in the hierarchies where it is limited and stopped; the same one on v2. */
export interface Place {
  memory: CgroupDirectory;
  freezer: KillCgroup;
}

/** A process may fork while it is moved. */
const MOST_ROUNDS = 100;

/**
 * Lends processes of a stopped cage memory: in a cgroup beside the cage, with a limit of its own, they run, and what they take is
 * charged there. What they had stays charged to the cage. One process after the other.
 */
export class Loan {
  constructor(
    private readonly cage: Place,
    private readonly beside: Place,
    private readonly version: CgroupVersion,
    private readonly state: SharedCageState,
  ) {}

  /** @returns what brings it back; undefined: it has ended */
  lend(pid: number): (() => void) | undefined {
    const home = homeOf(pid, this.cage);
    if (home === undefined || !join(this.beside, pid)) return undefined;
    return () => this.#bringBack(home);
  }

  /** How often the kernel has killed for the limit of what was lent. */
  kills(): number {
    return countKills(this.beside.memory, this.version) ?? this.state.lentKills;
  }

  /** With what they have started meanwhile. They stop as soon as they are back. */
  #bringBack(home: Place): void {
    // The cage may end meanwhile.
    unlessGone(() => this.#moveAll(home));
  }

  #moveAll(home: Place): void {
    setFrozen(this.beside.freezer, true);
    try {
      for (let round = 0; round < MOST_ROUNDS; round += 1) {
        const pids = listPids(this.beside.memory, 'cgroup.procs').filter((pid) => pid > 0);
        if (!pids.map((pid) => join(home, pid)).includes(true)) return;
      }
    } finally {
      // Whatever is left there must not stay stopped.
      setFrozen(this.beside.freezer, false);
    }
  }
}

/** False: it has ended. */
function join({ memory, freezer }: Place, pid: number): boolean {
  try {
    memory.write('cgroup.procs', String(pid));
    if (freezer.directory.path !== memory.path) freezer.directory.write('cgroup.procs', String(pid));
    return true;
  } catch (error) {
    if (refusedWith(error, 'ESRCH') || isGone(error)) return false;
    throw error;
  }
}

/** Where it is: a child of a shared cage is in a cgroup below that, and may have made some more. */
function homeOf(pid: number, { memory, freezer }: Place): Place | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return undefined;
  }
  const paths = text.split('\n').map((line) => line.split(':').slice(2).join(':'));
  const below = (directory: CgroupDirectory, hierarchy: string): CgroupDirectory => {
    const mark = `/${basename(directory.path)}`;
    const path = `${paths[text.split('\n').findIndex((line) => isOf(line, hierarchy))] ?? ''}/`;
    const at = path.lastIndexOf(`${mark}/`);
    const rest = at < 0 ? '' : path.slice(at + mark.length + 1, -1);
    return rest === '' ? directory : directory.below(rest);
  };
  const inMemory = below(memory, freezer.directory.path === memory.path ? '' : 'memory');
  if (freezer.directory.path === memory.path) return { memory: inMemory, freezer: { ...freezer, directory: inMemory } };
  const hierarchy = freezer.kind === 'freezer' ? 'freezer' : '';
  return { memory: inMemory, freezer: { ...freezer, directory: below(freezer.directory, hierarchy) } };
}

/** @param controller '': the unified hierarchy */
function isOf(line: string, controller: string): boolean {
  const names = line.split(':')[1] ?? 'none';
  return controller === '' ? names === '' : names.split(',').includes(controller);
}
