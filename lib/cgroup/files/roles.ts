import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, mention, type Words, words } from '../../common/errors/words';
import { memoryController } from './controller';
import type { CgroupVersion } from './formats';
import { type FileFormat, type FormatValues, parseAs } from './interface-file';
import { ROLES, type Role } from './memory-roles';
import type { V1_FILES } from './v1';
import type { V2_FILES } from './v2';

const KEY = { 1: 'v1', 2: 'v2' } as const;
const OTHER = { 1: 2, 2: 1 } as const;

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
