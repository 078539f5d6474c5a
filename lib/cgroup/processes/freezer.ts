import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { LateWrite } from '../directory/late-write';
import { parseFlatKeyed } from '../files/formats';
import type { KillCgroup } from './kill-cgroup';
import { retry } from './remove-cgroup';

/** A process in uninterruptible sleep freezes only when it wakes up, which may be never. */
const PATIENCE_MS = 5000;

const FILES = {
  freezer: { file: 'freezer.state', frozen: 'FROZEN', thawed: 'THAWED' },
  unified: { file: 'cgroup.freeze', frozen: '1', thawed: '0' },
} as const;

/** Whether this kernel can: on v2 since Linux 5.2. */
export function canFreeze({ kind, directory }: KillCgroup): boolean {
  return directory.has(FILES[kind].file);
}

/** Asks for it; {@link isFrozen} says when it is done. */
export function setFrozen({ kind, directory }: KillCgroup, isFrozen: boolean): void {
  const { file, frozen, thawed } = FILES[kind];
  directory.write(file, isFrozen ? frozen : thawed);
}

/** Thaws it in so long even if this thread dies, or hangs. */
export function thawLater({ kind, directory }: KillCgroup, afterMs: number): LateWrite {
  const { file, thawed } = FILES[kind];
  return new LateWrite(directory, { file, value: thawed, afterMs });
}

/** Whether all its processes are stopped, by its own freezer or by one above it. */
export function isFrozen({ kind, directory }: KillCgroup): boolean {
  if (kind === 'freezer') return directory.read('freezer.state').trim() === 'FROZEN';
  const events = directory.readIfPresent('cgroup.events');
  // Before Linux 5.2 there is no such line.
  return events !== undefined && parseFlatKeyed(events, 'cgroup.events')['frozen'] === 1;
}

/** Whether it {@link isFrozen}, or is about to be. */
export function isFreezing({ kind, directory }: KillCgroup): boolean {
  if (kind === 'freezer') return directory.read('freezer.state').trim() !== 'THAWED';
  return isFrozen({ kind, directory }) || directory.readIfPresent('cgroup.freeze')?.trim() === '1';
}

/** The processor time of the cgroup and those below, in milliseconds; undefined where nothing tells. */
export function cpuMs({ kind, directory }: KillCgroup): number | undefined {
  const stat = kind === 'unified' ? directory.readIfPresent('cpu.stat') : undefined;
  const usedUs = stat === undefined ? undefined : parseFlatKeyed(stat, 'cpu.stat')['usage_usec'];
  return usedUs === undefined ? undefined : usedUs / 1000;
}

/** Resolves when all processes are stopped. If that fails within 5 s, it thaws them and throws ERR_MEMCAGE_BUSY. */
export async function freeze(freezer: KillCgroup): Promise<void> {
  setFrozen(freezer, true);
  let thawed = false;
  const done = (): boolean => {
    thawed = !isFreezing(freezer);
    return thawed || isFrozen(freezer);
  };
  const isDone = await retry(done, PATIENCE_MS);
  if (thawed) throw busy(freezer, 'was thawed before all its processes were frozen');
  if (isDone) return;
  setFrozen(freezer, false);
  throw busy(freezer, `could not be frozen within ${PATIENCE_MS} ms: a process in it is in state D`);
}

/** Resolves when the processes run again. */
export async function thaw(freezer: KillCgroup): Promise<void> {
  setFrozen(freezer, false);
  if (await retry(() => !isFrozen(freezer), PATIENCE_MS)) return;
  throw busy(freezer, 'is still frozen: a cgroup above it is, which must be thawed too');
}

/** {@link freeze} and {@link thaw} reject with it. */
export function busy({ directory: { path } }: KillCgroup, what: string): MemcageError {
  return new MemcageError(ErrorCode.BUSY, `${path} ${what}`, { path });
}
