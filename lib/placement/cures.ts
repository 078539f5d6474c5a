import { join } from 'node:path';

/** Commands for root, and what is to be done then, where a place for cages is missing. As clauses, for a user by his id. */

/** v1: a process may be in a cgroup with others below it, so that the place can be under its own limits. */
export function makeBelowCure(own: string, euid: number): string {
  const place = join(own, `cages-${euid}`);
  return `let root run "mkdir -p ${place} && chown -R ${euid} ${place}", and start this program with MEMCAGE_PARENT=${place}`;
}

/**
 * v2, where nobody manages the hierarchy. A process is moved below a cgroup that is the user's from inside of that only, and
 * not from one with controllers for its children: it has to begin in a cgroup of its own there.
 */
export function makeAtRootCure(root: string, euid: number): string {
  const place = join(root, `cages-${euid}`);
  const steps = [
    `mkdir -p ${place}/main`,
    `echo +memory > ${root}/cgroup.subtree_control`,
    `echo +memory > ${place}/cgroup.subtree_control`,
    giveCommand(place, ['', 'cgroup.procs', 'cgroup.subtree_control'], euid),
    `echo PID > ${place}/main/cgroup.procs`,
  ];
  return `let root run "${steps.join(' && ')}", where PID is that of the shell that starts this program`;
}

/** v2: a cgroup that is there, and can't be written by the user. `files`: '' is the directory. */
export function giveCure(path: string, files: readonly string[], euid: number): string {
  return `let root run "${giveCommand(path, files, euid)}"`;
}

/** The manager of a user runs while he is logged in. */
export function userManagerCure(euid: number): string {
  return `log in as user ${euid}, or let root run "loginctl enable-linger ${euid}"`;
}

/** A unit with a mark, by the manager of the machine. */
export function delegatedUnitCure(euid: number): string {
  return `let root start this program by "systemd-run --uid=${euid} -p Delegate=yes"`;
}

function giveCommand(path: string, files: readonly string[], euid: number): string {
  return `chown ${euid} ${files.map((file) => join(path, file)).join(' ')}`;
}
