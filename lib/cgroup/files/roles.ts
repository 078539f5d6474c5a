import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, mention, type Words, words } from '../../common/errors/words';
import { memoryController } from './controller';
import type { CgroupVersion } from './formats';
import { type FileFormat, type FormatValues, parseAs } from './interface-file';
import type { V1_FILES } from './v1';
import type { V2_FILES } from './v2';

interface Role {
  v1?: keyof typeof V1_FILES;
  v2?: keyof typeof V2_FILES;
}

const KEY = { 1: 'v1', 2: 'v2' } as const;
const OTHER = { 1: 2, 2: 1 } as const;

/** What memcage uses memory interface files for, on either version. */
export const ROLES = {
  max: { v1: 'memory.limit_in_bytes', v2: 'memory.max' },
  /** Limit of memory and swap together. */
  memsw: { v1: 'memory.memsw.limit_in_bytes' },
  /** Limit of swap alone. */
  swap: { v2: 'memory.swap.max' },
  swapHigh: { v2: 'memory.swap.high' },
  zswap: { v2: 'memory.zswap.max' },
  high: { v2: 'memory.high' },
  low: { v2: 'memory.low' },
  min: { v2: 'memory.min' },
  soft: { v1: 'memory.soft_limit_in_bytes' },
  swappiness: { v1: 'memory.swappiness' },
  oomGroup: { v2: 'memory.oom.group' },
  oomKill: { v1: 'memory.oom_control' },
  usage: { v1: 'memory.usage_in_bytes', v2: 'memory.current' },
  peak: { v1: 'memory.max_usage_in_bytes', v2: 'memory.peak' },
  swapUsage: { v2: 'memory.swap.current' },
  swapPeak: { v2: 'memory.swap.peak' },
  kernelUsage: { v1: 'memory.kmem.usage_in_bytes' },
  /** Limit of TCP buffers. v1 accounts them separately, and only if they have a limit. */
  tcp: { v1: 'memory.kmem.tcp.limit_in_bytes' },
  failcnt: { v1: 'memory.failcnt' },
  memswFailcnt: { v1: 'memory.memsw.failcnt' },
  stat: { v1: 'memory.stat', v2: 'memory.stat' },
  events: { v2: 'memory.events' },
  eventsLocal: { v2: 'memory.events.local' },
  pressure: { v2: 'memory.pressure' },
  reclaim: { v2: 'memory.reclaim' },
} as const satisfies Record<string, Role>;

/** See {@link ROLES}. */
export type MemoryRole = keyof typeof ROLES;

type FormatOf<F> = F extends { read: infer K extends FileFormat } ? K : never;
type FileOf<R> =
  | (R extends { v1: infer N extends keyof typeof V1_FILES } ? (typeof V1_FILES)[N] : never)
  | (R extends { v2: infer N extends keyof typeof V2_FILES } ? (typeof V2_FILES)[N] : never);

/** The value of that file, on either version. */
export type MemoryRoleValue<R extends MemoryRole> = FormatValues[FormatOf<FileOf<(typeof ROLES)[R]>>];

/** Whether a cgroup version has a file for this role. */
export function hasRole(role: MemoryRole, version: CgroupVersion): boolean {
  return KEY[version] in ROLES[role];
}

/** What the other version has that comes near. */
const INSTEAD: { readonly [R in MemoryRole]?: MemoryRole } = {
  low: 'soft',
  min: 'soft',
  soft: 'low',
  swapHigh: 'swap',
};

function orInstead(role: MemoryRole): Words {
  const instead = INSTEAD[role];
  return instead === undefined ? '' : words`, or use ${mention(`memory.${instead}`)}`;
}

/**
 * The name of the file for a role on one cgroup version.
 *
 * @param option the option that needs the file, for the error. Default: none, and the error names the role.
 * @throws MemcageError `ERR_MEMCAGE_NOT_IN_VERSION`, saying which version has it.
 */
export function memoryFile(role: MemoryRole, version: CgroupVersion, option?: string): string {
  const names: Role = ROLES[role];
  const name = names[KEY[version]];
  if (name !== undefined) return name;
  const other = OTHER[version];
  const needs = words`needs cgroup v${String(other)} (${names[KEY[other]] ?? ''}), but memory is on cgroup v${String(version)} here`;
  const message =
    option === undefined
      ? words`${role} ${needs}`
      : words`${mention(option)} ${needs}${CURE}leave it out${orInstead(role)}`;
  throw new MemcageError(ErrorCode.NOT_IN_VERSION, message, { option });
}

/**
 * Parses the text of a memory interface file.
 *
 * @param directory the absolute path of the cgroup, for the error. Default: the error has only the file's name.
 */
export function parseMemoryFile<R extends MemoryRole>(
  role: R,
  version: CgroupVersion,
  text: string,
  directory?: string,
) {
  const name = memoryFile(role, version);
  const { read } = memoryController(version).files[name] ?? {};
  if (read === undefined) throw new MemcageError(ErrorCode.WRITE_ONLY, `${name} can only be written`);
  // The tables tie the name to the format, and parseAs ties the format to the value.
  return parseAs(read, text, directory === undefined ? name : `${directory}/${name}`) as MemoryRoleValue<R>;
}
