import { join } from 'node:path';
import type { ParentCandidate, ParentSource } from '../../../types/parent';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { mention, words } from '../../common/errors/words';
import { type ParentFacts, USED_BY_CAGES } from './parent-facts';

const SOURCES: Readonly<Record<ParentSource, string>> = {
  option: 'the option parent',
  environment: 'MEMCAGE_PARENT',
  own: 'the cgroup of this process',
  ancestor: 'a cgroup above it',
  systemd: 'a scope from systemd',
};

export function nameCandidate({ source, path }: Pick<ParentCandidate, 'source' | 'path'>): string {
  return path === null ? SOURCES[source] : `${SOURCES[source]} (${path})`;
}

/**
 * A candidate for the parent of cages in words, as `memcage doctor` prints it: which one it is, whether it can be used,
 * and what would make it usable. One line, without a full stop.
 *
 * @param candidate of a {@link Diagnosis}, or of an error with the code `ERR_MEMCAGE_NO_PARENT`
 */
export function describeCandidate({ source, path, refusal, cure }: ParentCandidate): string {
  const name = nameCandidate({ source, path });
  if (refusal === null) return `${name}: can be used`;
  return `${name}: ${refusal}${cure === null ? '' : `; cure: ${cure}`}`;
}

/** @param cause the first thing that the kernel refused, if it did */
export function noParent(candidates: readonly ParentCandidate[], cause?: unknown): MemcageError {
  const lines = candidates.map((candidate) => `\n- ${describeCandidate(candidate)}`).join('');
  const polled = candidates.some(({ source }) => isNamed(source)) ? '' : words`\n${OR_POLLED}`;
  const { errno, syscall } = (cause ?? {}) as NodeJS.ErrnoException;
  return new MemcageError(
    ErrorCode.NO_PARENT,
    words`No cgroup can be the parent of cages (run \`memcage doctor\` for details):${lines}${polled}`,
    { candidates, errno, syscall, cause },
  );
}

/**
 * Commands for root, and what to do next, where no parent for cages is available. They are clauses, and name a user
 * by id.
 */

/** For a program that can get no place for a cgroup. */
export const OR_POLLED = words`Without a cgroup, memcage can poll the limit (${mention('enforce', "enforce: 'polled'")}): look at the processes every few milliseconds, and kill all above it`;

/** Whether a caller or the environment has named the place: nothing but that place will do then. */
export function isNamed(source: ParentSource): boolean {
  return source === 'option' || source === 'environment';
}

/**
 * v1: a process may be in a cgroup that has others below it, so the new parent can be under the caller's own limits.
 */
export function makeBelowCure(own: string, euid: number): string {
  const directory = join(own, `cages-${euid}`);
  return `let root run "mkdir -p ${directory} && chown -R ${euid} ${directory}", and start this program with MEMCAGE_PARENT=${directory}`;
}

/**
 * v2, where nobody manages the hierarchy. A user can move a process into a cgroup of theirs only from inside their
 * own subtree, and not from a cgroup with controllers for its children: the process has to begin in a cgroup of its
 * own there. Only root can enable a controller at the root, so all that limits may need are enabled now.
 */
export function makeAtRootCure({ path, controllers }: Pick<ParentFacts, 'path' | 'controllers'>, euid: number): string {
  const directory = join(path, `cages-${euid}`);
  // The kernel takes all or none of them.
  const names = USED_BY_CAGES.filter((name) => controllers.includes(name));
  const steps = [
    `mkdir -p ${directory}/main`,
    `echo ${names.map((name) => `+${name}`).join(' ')} > ${path}/cgroup.subtree_control`,
    `echo +memory > ${directory}/cgroup.subtree_control`,
    giveCommand(directory, ['', 'cgroup.procs', 'cgroup.subtree_control'], euid),
    `echo PID > ${directory}/main/cgroup.procs`,
  ];
  return `let root run "${steps.join(' && ')}", ${WITH_PID}`;
}

/** v1: the same for another controller than memory, whose cgroups must be below the one of this process. */
export function makeSideCure(own: string, euid: number, { isCpuset }: { isCpuset: boolean }): string {
  const directory = join(own, `cages-${euid}`);
  // A new cpuset has no processors and no memory, and takes no process.
  const files = isCpuset ? ['cpuset.cpus', 'cpuset.mems'] : [];
  const steps = [
    `mkdir -p ${directory}`,
    ...files.map((file) => `cat ${join(own, file)} > ${join(directory, file)}`),
    `chown -R ${euid} ${directory}`,
    `echo PID > ${directory}/cgroup.procs`,
  ];
  return `let root run "${steps.join(' && ')}", ${WITH_PID}`;
}

/** This process may be gone before anyone reads the cure. */
const WITH_PID = 'with the pid of the shell that starts this program in place of PID';

/** v2: a cgroup that exists but that the user can't write. In `files`, '' is the directory itself. */
export function giveCure(path: string, files: readonly string[], euid: number): string {
  return `let root run "${giveCommand(path, files, euid)}"`;
}

/** A user's manager runs while the user is logged in. */
export function userManagerCure(euid: number): string {
  return `log in as user ${euid}, or let root run "loginctl enable-linger ${euid}"`;
}

/** A delegated unit, which the machine's manager marks. */
export function delegatedUnitCure(euid: number): string {
  return `let root start this program by "systemd-run --uid=${euid} -p Delegate=yes"`;
}

function giveCommand(path: string, files: readonly string[], euid: number): string {
  return `chown ${euid} ${files.map((file) => join(path, file)).join(' ')}`;
}
