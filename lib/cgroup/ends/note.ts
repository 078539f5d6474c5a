import type { OomVerdict } from '../../../types/outcome';
import { loadNative } from '../../common/addon/load-native';

/** The layout of native/guardian/note.h, which says what each field is. */
export const NOTE_BYTES = 512;

const MAGIC = 'memcage1';
const WHAT = ['child', 'owner', 'member', 'guardian', 'cage'] as const;
const MEMORY = [null, false, true] as const;
const BY = [null, 'kernel', 'itself', 'owner', 'timeout', 'guardian', 'stall', 'cpuTime', 'sweep'] as const;
const CAUSES = [
  ...([null, 'limit', 'cage', 'ancestor', 'descendant', 'system', 'polled', 'refused', 'unknown'] as const),
] satisfies (OomVerdict['cause'] | null)[];

const AT = {
  numbers: 8,
  ids: 48,
  kinds: 64,
  pids: 68,
  boot: 72,
  name: 108,
  cgroup: 124,
  limitPath: 316,
  check: 508,
} as const;

/** How a process or a cage ended. Null: not known, or none. Times are of CLOCK_MONOTONIC. */
export interface Note {
  what: (typeof WHAT)[number];
  /**
   * Whether memory ended it; of a cage: whether it ended something there. True, and `by` is null: the kernel has killed in its cage
   * just then, but nobody has named the victim.
   */
  memory: boolean | null;
  cause: OomVerdict['cause'] | null;
  /** Who ended it. */
  by: (typeof BY)[number];
  /** When it surely lived already. */
  startedUs: number | null;
  /** When it was gone; by a sweep: when its cages were found. */
  endedUs: number;
  limitBytes: number | null;
  peakBytes: number | null;
  /** Kills for memory in the cage. */
  kills: number | null;
  /** Null of a cage. */
  pid: number | null;
  owner: number;
  exitCode: number | null;
  /** 0: none. */
  signal: number | null;
  name: string;
  cgroup: string | null;
  limitPath: string | null;
}

/** A note of now, with what is known. */
export function noteOf(what: Note['what'], known: Partial<Note>): Note {
  return {
    what,
    memory: null,
    cause: null,
    by: null,
    startedUs: null,
    endedUs: known.endedUs ?? nowUs(),
    limitBytes: null,
    peakBytes: null,
    kills: null,
    pid: null,
    owner: 0,
    exitCode: null,
    signal: null,
    name: '',
    cgroup: null,
    limitPath: null,
    ...known,
  };
}

/** CLOCK_MONOTONIC. `process.hrtime()` begins at another time in Bun and Deno. */
export function nowUs(): number {
  return Math.floor(loadNative().monotonicNs() / 1000);
}

/** A note for the guardian to write. It adds which boot and which PID namespace this is. */
export function encodeNote(note: Note): Buffer {
  const bytes = Buffer.alloc(NOTE_BYTES);
  const { startedUs, endedUs, limitBytes, peakBytes, kills } = note;
  const numbers = [startedUs ?? 0, endedUs, limitBytes ?? -1, peakBytes ?? -1, kills ?? -1];
  numbers.forEach((number, index) => {
    bytes.writeBigInt64LE(BigInt(Math.round(number)), AT.numbers + index * 8);
  });
  [note.pid ?? 0, note.owner, note.exitCode ?? -1, note.signal ?? -1].forEach((id, index) => {
    bytes.writeInt32LE(id, AT.ids + index * 4);
  });
  const kinds = [WHAT.indexOf(note.what), MEMORY.indexOf(note.memory), CAUSES.indexOf(note.cause), BY.indexOf(note.by)];
  bytes.set(kinds, AT.kinds);
  bytes.write(note.name, AT.name, AT.cgroup - AT.name, 'utf8');
  bytes.write(note.cgroup ?? '', AT.cgroup, AT.limitPath - AT.cgroup, 'utf8');
  bytes.write(note.limitPath ?? '', AT.limitPath, AT.check - AT.limitPath, 'utf8');
  return bytes;
}

/** Where pids and times of a note mean something. */
export interface Here {
  boot: string;
  /** Inode of the PID namespace. */
  pids: number;
}

/** Undefined of bytes that are no whole note, and of notes of another boot or PID namespace. */
export function decodeNote(bytes: Buffer, here: Here): Note | undefined {
  if (bytes.length !== NOTE_BYTES || textAt(bytes, 0, AT.numbers) !== MAGIC) return undefined;
  if (bytes.readUInt32LE(AT.check) !== checkOf(bytes.subarray(0, AT.check))) return undefined;
  if (textAt(bytes, AT.boot, AT.name) !== here.boot || bytes.readUInt32LE(AT.pids) !== here.pids) return undefined;
  const number = (index: number): number => Number(bytes.readBigInt64LE(AT.numbers + index * 8));
  const id = (index: number): number => bytes.readInt32LE(AT.ids + index * 4);
  const kind = (index: number): number => bytes.readUInt8(AT.kinds + index);
  const known = (value: number): number | null => (value < 0 ? null : value);
  const what = WHAT[kind(0)];
  if (what === undefined) return undefined;
  return {
    what,
    memory: MEMORY[kind(1)] ?? null,
    cause: CAUSES[kind(2)] ?? null,
    by: BY[kind(3)] ?? null,
    startedUs: number(0) || null,
    endedUs: number(1),
    limitBytes: known(number(2)),
    peakBytes: known(number(3)),
    kills: known(number(4)),
    pid: id(0) || null,
    owner: id(1),
    exitCode: known(id(2)),
    signal: known(id(3)),
    name: textAt(bytes, AT.name, AT.cgroup),
    cgroup: textAt(bytes, AT.cgroup, AT.limitPath) || null,
    limitPath: textAt(bytes, AT.limitPath, AT.check) || null,
  };
}

function textAt(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('utf8', from, to).split('\0', 1)[0] ?? '';
}

function checkOf(bytes: Buffer): number {
  let hash = 2_166_136_261;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16_777_619) >>> 0;
  return hash;
}
