import { closeSync, readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { cgroupsBelow, passingOver } from '../../cgroup/directory/walk';
import { encodeNote, type Note, noteOf, nowUs } from '../../cgroup/ends/note';
import { openNotesDirectory } from '../../cgroup/ends/notes-directory';
import { host } from '../../cgroup/hierarchy/host';
import { readMemoryFile } from '../../cgroup/limits/limit-files';
import { containerOf } from '../../cgroup/names/cgroup-name';
import { pidInName } from '../../cgroup/names/own-names';
import { listPids } from '../../cgroup/processes/pids';
import { isLocked } from './locked-directory';
import { memoryHierarchies, OwnDirectories } from './own-directories';

/** A dead owner may have left thousands of processes, which must not fill the file. */
const MOST_MEMBERS = 64;
const { SIGKILL } = constants.signals;
const KILLS = /^oom_kill (\d+)$/m;

/** What dead owners whose guardians are dead too have left on this machine, as notes. */
export function leftEnds(): Note[] {
  using directories = new OwnDirectories(memoryHierarchies(host()));
  return directories.all.flatMap(({ kind, directory }) =>
    kind === 'owner' ? (passingOver(() => (isLocked(directory) ? [] : notesOf(directory))) ?? []) : [],
  );
}

/** Writes notes of the directory of a dead owner, which a sweep is about to empty and remove. Never throws. */
export function noteLeft(directory: CgroupDirectory): void {
  const { native } = directory;
  let fd: number | undefined;
  try {
    const notes = [...notesOf(directory), ...membersOf(directory)];
    if (notes.length > 0) fd = openNotesDirectory();
    if (fd === undefined) return;
    for (const note of notes) native.writeNote({ fd, note: encodeNote(note) });
  } catch {
    // What is dead is removed all the same.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function allOf(directory: CgroupDirectory): CgroupDirectory[] {
  return [directory, ...[...cgroupsBelow(directory)].map(({ directory: below }) => below)];
}

/** Of the owner, and of its cages in which something was killed for memory. */
function notesOf(directory: CgroupDirectory): Note[] {
  const owner = pidInName(basename(directory.path));
  // In a container's cgroup it is a pid of the container.
  if (owner === undefined || containerOf(directory.path) !== null) return [];
  const all = allOf(directory);
  const aliveUs = Math.max(...all.map(madeUs));
  // Without a time, every process that ever had the pid could be meant.
  const own = aliveUs > 0 ? [noteOf('owner', { pid: owner, owner, by: 'sweep', startedUs: aliveUs })] : [];
  return [...own, ...all.flatMap((cage) => cageNote(cage, owner) ?? [])];
}

/**
 * The owner has stamped the cages that it made for one child. From then on the kernel keeps the times of the directory. Of
 * others it only has when somebody looked at them: 0.
 */
function madeUs({ path }: CgroupDirectory): number {
  const made = statSync(path, { throwIfNoEntry: false });
  return made?.mtimeMs === 0 ? nowUs() - (Date.now() - made.ctimeMs) * 1000 : 0;
}

function cageNote(cage: CgroupDirectory, owner: number): Note | undefined {
  const kills = killsIn(cage);
  if (!kills) return undefined;
  const { version } = host();
  const limitBytes = readMemoryFile(cage, version, 'max') ?? null;
  const peakBytes = readMemoryFile(cage, version, 'peak') ?? null;
  const limit = limitBytes !== null && Number.isFinite(limitBytes) ? limitBytes : null;
  return noteOf('cage', { owner, memory: true, by: 'kernel', kills, limitBytes: limit, peakBytes, cgroup: cage.path });
}

/** Undefined in a hierarchy of v1 that does not count them. */
function killsIn(cage: CgroupDirectory): number | undefined {
  const text = ['memory.events.local', 'memory.events', 'memory.oom_control']
    .map((file) => passingOver(() => cage.readIfPresent(file)))
    .find((each) => each !== undefined);
  const [, kills] = KILLS.exec(text ?? '') ?? [];
  return kills === undefined ? undefined : Number(kills);
}

function membersOf(directory: CgroupDirectory): Note[] {
  const owner = pidInName(basename(directory.path)) ?? 0;
  const pids = passingOver(() => listPids(directory, 'cgroup.procs')) ?? [];
  // Once they are listed: who was killed before is not among them.
  const memory = allOf(directory).every((cage) => killsIn(cage) === 0) ? false : null;
  const known = { memory, owner, by: 'sweep', signal: SIGKILL, cgroup: directory.path } as const;
  return pids.slice(0, MOST_MEMBERS).map((pid) => {
    const listedUs = nowUs();
    // Then no older record of the kernel's log could have its kill.
    const startedUs = isAlive(pid) ? listedUs : null;
    return noteOf('member', { ...known, pid, startedUs, name: readProc(pid, 'comm').trimEnd() });
  });
}

/** Whether nobody has killed it: a SIGKILL stays in the set of the whole process until it is reaped. */
function isAlive(pid: number): boolean {
  const [, state = 'X', pending = ''] =
    /^State:\t(.)[\s\S]*^ShdPnd:\t([0-9a-f]+)$/m.exec(readProc(pid, 'status')) ?? [];
  return !'ZX'.includes(state) && ((BigInt(`0x${pending}`) >> BigInt(SIGKILL - 1)) & 1n) === 0n;
}

/** Empty if it is gone. */
function readProc(pid: number, file: 'comm' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
