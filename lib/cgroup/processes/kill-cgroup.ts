import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { type CgroupDirectory, withAccess } from '../directory/directory';
import { cgroupError, unlessGone } from '../directory/refusal';
import { parseFlatKeyed } from '../files/formats';
import { listPids } from './pids';
import { retry } from './remove';

/**
 * Where the kernel can freeze or kill the processes of a memory cgroup all at once. On v2 that is the cgroup itself.
 * v1's memory hierarchy can do neither, so there it is a cgroup with the same processes in another hierarchy.
 */
export interface KillCgroup {
  kind: 'unified' | 'freezer';
  directory: CgroupDirectory;
}

/** The kill cgroup of a memory cgroup; undefined on v1 if it has none. */
export function killCgroupOf(
  version: 1 | 2,
  memory: CgroupDirectory,
  own: KillCgroup | undefined,
): KillCgroup | undefined {
  return version === 2 ? { kind: 'unified', directory: memory } : own;
}

/** The kill cgroup of a memory cgroup below, by its name. */
export function killCgroupBelow(killCgroup: KillCgroup | undefined, name: string): KillCgroup | undefined {
  return killCgroup && { kind: killCgroup.kind, directory: killCgroup.directory.below(name) };
}

/**
 * Sends SIGKILL to every process in a cgroup and those below it. With `cgroup.kill` (Linux 5.14) or a freezer, none can
 * escape by forking. Without either, or where their files are refused, this stops the processes, then kills them; repeat
 * it until the cgroup is empty.
 */
export function killAll(memory: CgroupDirectory, killCgroup?: KillCgroup): void {
  if (killCgroup === undefined || killCgroup.directory === memory) {
    withAccess(memory, () => killIn(memory));
    return;
  }
  // memcage removes the kill cgroup before the memory cgroup. Someone else may remove either.
  const dying = unlessGone(() =>
    withAccess(killCgroup.directory, () => {
      killIn(killCgroup.directory);
      return listPids(killCgroup.directory, 'cgroup.procs');
    }),
  );
  // Processes that someone put only into the memory cgroup are not in the kill cgroup. Spare the others, which are
  // dying already: stopping them too would mean looking again at each cgroup below, and a payload may have made
  // thousands.
  unlessGone(() => withAccess(memory, () => killIn(memory, dying)));
}

/** @param spare processes that need not be killed */
function killIn(directory: CgroupDirectory, spare: readonly number[] = []): void {
  try {
    directory.native.killAll({ dirFd: directory.anchor, path: directory.relative, spare });
  } catch (error) {
    throw cgroupError(error, 'kill the processes of', directory.path);
  }
}

/** A process in uninterruptible sleep freezes only when it wakes up, which may be never. */
const PATIENCE_MS = 5000;

/** Asks for it; {@link isFrozen} says when it is done. */
function setFrozen({ kind, directory }: KillCgroup, frozen: boolean): void {
  if (kind === 'freezer') directory.write('freezer.state', frozen ? 'FROZEN' : 'THAWED');
  else directory.write('cgroup.freeze', frozen ? '1' : '0');
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

function busy({ directory: { path } }: KillCgroup, what: string): MemcageError {
  return new MemcageError(ErrorCode.BUSY, `${path} ${what}`, { path });
}
