import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MARK } from './client';

/** Processes that have come of a client, by its mark. */
export function marked(mark: string): number[] {
  return pids().filter((pid) => isAlive(pid) && read(`/proc/${pid}/environ`).includes(`${MARK}=${mark}\0`));
}

/** Guardians in this process's cgroup, and all cgroups, whose owner is dead. They have no mark. */
export function abandoned(): string[] {
  const own = read('/proc/self/cgroup');
  const guardians = pids().filter((pid) => {
    const [, owner] = /--guardian=(\d+) /.exec(`${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')} `) ?? [];
    return owner !== undefined && !isAlive(Number(owner)) && read(`/proc/${pid}/cgroup`) === own && isAlive(pid);
  });
  return [...guardians.map((pid) => `guardian ${pid}`), ...mounts().flatMap((mount) => cagesIn(mount))];
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** What a message says of a process. */
export function described(pid: number): string {
  return `${pid} (parent ${statOf(pid)[1]}): ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`;
}

function cagesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return list(directory).flatMap((name) => {
    const path = join(directory, name);
    const [, owner] = /^memcage-(\d+)-/.exec(name) ?? [];
    if (owner === undefined) return cagesIn(path);
    return isAlive(Number(owner)) || !existsSync(path) ? [] : [path];
  });
}

function mounts(): string[] {
  const lines = read('/proc/self/mountinfo').split('\n');
  return lines.filter((line) => / - cgroup2? /.test(line)).map((line) => line.split(' ')[4] ?? '');
}

function list(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Whether it exists and is more than a zombie. */
function isAlive(pid: number): boolean {
  const [state = 'X'] = statOf(pid);
  return state !== 'Z' && state !== 'X';
}

function statOf(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has ended.
    return '';
  }
}
