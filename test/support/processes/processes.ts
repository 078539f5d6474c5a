import { readdirSync } from 'node:fs';
import { until } from '../until';

export const readIfThere = require('./read-if-there.js') as (path: string) => string | undefined;

/** 'R', 'S', 'Z' ... as in proc(5); undefined if there is no such process. */
export function stateOf(pid: number): string | undefined {
  return statFields(pid)?.[0];
}

/** Whether it exists and is more than a zombie. */
export function isAlive(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** PF_EXITING of include/linux/sched.h. */
const EXITING = 0x4;

/** Whether it runs no more code of its program: it may become a zombie only a moment later. */
export function isExiting(pid: number): boolean {
  const [, , , , , , flags] = statFields(pid) ?? [];
  return !isAlive(pid) || (Number(flags) & EXITING) !== 0;
}

/** Whether a process of an empty cgroup has ended. */
export async function hasEnded(pid: number): Promise<boolean> {
  if (!isExiting(pid)) return false;
  await until('it is a zombie, or gone', () => !isAlive(pid));
  return true;
}

/** Whether a signal was sent to it that it has not taken yet. */
export function isPending(pid: number, signal: number): boolean {
  const status = readIfThere(`/proc/${pid}/status`) ?? '';
  const masks = [...status.matchAll(/^(?:Sig|Shd)Pnd:\s*(\w+)$/gm)].map(([, mask]) => BigInt(`0x${mask}`));
  return masks.some((mask) => (mask & (1n << BigInt(signal - 1))) !== 0n);
}

/** Pids of a process's children, including zombies, without the starter that memcage keeps. */
export function childrenOf(parent: number): number[] {
  return pids().filter((pid) => statFields(pid)?.[1] === String(parent) && !isStarter(pid));
}

function isStarter(pid: number): boolean {
  return commandLine(pid).startsWith('memcage-starter ');
}

/** Pids of processes with a text in their command line. */
export function processesWith(text: string): number[] {
  return pids().filter((pid) => pid !== process.pid && isAlive(pid) && commandLine(pid).includes(text));
}

/**
 * Pids of processes with exactly this command line. Leaves out a shell that is about to become one, or has one as its
 * child.
 */
export function processesThatAre(command: string): number[] {
  return pids().filter((pid) => isAlive(pid) && commandLine(pid).trimEnd() === command);
}

export function userOf(pid: number): number | undefined {
  const uid = /^Uid:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/status`) ?? '')?.[1];
  return uid === undefined ? undefined : Number(uid);
}

/** The processor time of a thread of this process. The kernel counts it in hundredths of a second. */
export function threadTimeMs(name: string): number {
  const stats = readdirSync('/proc/self/task').map((tid) => readIfThere(`/proc/self/task/${tid}/stat`));
  const fields = fieldsOf(stats.find((stat) => stat?.includes(`(${name})`)));
  return (Number(fields?.[11]) + Number(fields?.[12])) * 10;
}

export function threadCount(): number {
  return readdirSync('/proc/self/task').length;
}

/** The status, see proc(5), of each thread that has not ended since it was listed. */
export function threadStatuses(): string[] {
  return readdirSync('/proc/self/task').flatMap((tid) => readIfThere(`/proc/self/task/${tid}/status`) ?? []);
}

export function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function commandLine(pid: number): string {
  return readIfThere(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ') ?? '';
}

function statFields(pid: number): string[] | undefined {
  return fieldsOf(readIfThere(`/proc/${pid}/stat`));
}

/** The fields from the third on. The second one, the name, may contain spaces. */
function fieldsOf(stat: string | undefined): string[] | undefined {
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}
