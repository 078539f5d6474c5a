import type { CgroupVersion } from './formats';
import type { InterfaceFile } from './interface-file';
import { V1_FILES } from './v1';
import { V2_FILES } from './v2';

/** What differs between the memory controllers of v1 and v2, beyond the names of their files. */
export interface MemoryController {
  readonly files: Readonly<Record<string, InterfaceFile>>;
  /** The file that lists the threads of a cgroup. */
  readonly threadsFile: 'tasks' | 'cgroup.threads';
  /** The text for "no limit". */
  readonly unlimited: '-1' | 'max';
  /** The role of the file that limits swap; on v1 it limits memory and swap together. */
  readonly swapRole: 'memsw' | 'swap';
  /** The prefix of the lines in `memory.stat` that include the cgroups below. v1 also has lines that do not. */
  readonly totalPrefix: 'total_' | '';
  /** The line of `memory.stat` with the smallest limit of the cgroup and of all above it, hidden ones included. */
  readonly hierarchicalLimit?: string;
  /** The lines of `memory.stat` that add up to the real usage, if the usage file itself is fuzzy. */
  readonly realUse?: readonly string[];
  /** What this version always does, so that nothing is written for it. */
  readonly always: Readonly<{ oomGroup?: boolean; oomKill?: boolean }>;
}

const CONTROLLERS: Readonly<Record<CgroupVersion, MemoryController>> = {
  1: {
    files: V1_FILES,
    threadsFile: 'tasks',
    unlimited: '-1',
    swapRole: 'memsw',
    totalPrefix: 'total_',
    hierarchicalLimit: 'hierarchical_memory_limit',
    // total_swap is missing if swap is not accounted.
    realUse: ['total_rss', 'total_cache', 'total_swap'],
    always: { oomGroup: false },
  },
  2: {
    files: V2_FILES,
    threadsFile: 'cgroup.threads',
    unlimited: 'max',
    swapRole: 'swap',
    totalPrefix: '',
    always: { oomKill: true },
  },
};

export function memoryController(version: CgroupVersion): MemoryController {
  return CONTROLLERS[version];
}

/** The text of a size in this version. */
export function sizeText(bytes: number, version: CgroupVersion): string {
  return bytes === Number.POSITIVE_INFINITY ? CONTROLLERS[version].unlimited : String(bytes);
}
