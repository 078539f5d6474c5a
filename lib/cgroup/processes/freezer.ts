import { LateWrite } from '../directory/late-write';
import { parseFlatKeyed } from '../files/formats';
import type { KillCgroup } from './kill-cgroup';

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
