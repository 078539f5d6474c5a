import type { Evidence } from '../../../types/outcome';
import type { CgroupVersion } from '../../cgroup/files/formats';
import type { KillCgroup } from '../../cgroup/processes/kill-cgroup';
import type { DirectoryPlace } from './directory-place';
import type { HeldMemory } from './held-memory';

/** A cage that the keeper is to watch. */
export interface WatchedCageOptions {
  id: number;
  state: SharedArrayBuffer;
  version: CgroupVersion;
  memory: DirectoryPlace;
  freezer: DirectoryPlace & { kind: KillCgroup['kind'] };
  dir: string;
  /** A part of the limit, from 0 to 1. */
  at: number;
  /** Where Node children write heap snapshots. */
  beside?: { memory: DirectoryPlace; freezer: DirectoryPlace; extraBytes: number };
}

/** What a cage held at one moment, in bytes. */
export interface HeldSample {
  /** Milliseconds since the cage is watched. */
  atMs: number;
  /** All that is charged, page cache and swap included. */
  usageBytes: number;
  swapBytes: number;
  kinds: HeldMemory['kinds'];
}

/** What the keeper is told at its start. */
export interface KeeperData {
  addon: string;
  /** The file of the reader. */
  reader: string;
  /** What Node children answer to. */
  heaps: HeapAddress & { file: string };
}

/** Where Node children answer, in an abstract socket of that name. */
export interface HeapAddress {
  name: string;
  secret: string;
}

export type KeeperRequest =
  | { kind: 'open'; cage: WatchedCageOptions }
  | { kind: 'look'; id: number }
  | { kind: 'close'; id: number };

/** Of a cage. */
export type KeeperReport =
  /** `null`: it is watched. */
  { kind: 'opened'; refused: string | null } | { kind: 'taken'; evidence: Evidence };

/** What the reader is told at its start. */
export interface ReaderData {
  /** The request whose pieces somebody still wants; 0: none. */
  wanted: SharedArrayBuffer;
}

export interface ReadRequest {
  id: number;
  pids: readonly number[];
  /** What files in tmpfs and shared memory hold in all. */
  sharedBytes: number;
}

/** What the mappings of a process hold that the kernel can't reclaim, by kind. Bytes; shared pages are counted in part. */
export interface MappingKinds {
  /** What brk(2) gives: malloc's small blocks. */
  heap: number;
  /** JavaScript, Buffers, malloc's large blocks; stacks of threads too, where the kernel keeps no names of mappings. */
  anonymous: number;
  /** The stack of the main thread, and those of other threads that have names. */
  stack: number;
  /** Shared memory and mapped files of tmpfs. */
  shared: number;
  /** What a process has changed of its own copy of files. */
  files: number;
}

export interface Mapping {
  name: string;
  kind: keyof MappingKinds;
  heldBytes: number;
  rssBytes: number;
  swapBytes: number;
}

export interface ProcessShare {
  pid: number;
  /** Its parent's pid, 0 if that is out of sight. */
  ppid: number;
  name: string;
  command: string;
  threads: number;
  /** What it holds that the kernel can't reclaim: anonymous, shared, and swapped out. */
  heldBytes: number;
  rssBytes: number;
  swapBytes: number;
  /** `null`: there was no time to read its mappings. */
  kinds: MappingKinds | null;
  /** The largest ones. */
  mappings: readonly Mapping[];
}

export interface HeldFile {
  /** As the processes of the cage see it. */
  path: string;
  bytes: number;
  /** It has no name any more, or never had one. */
  deleted: boolean;
  /** A process that sees it, or has it open; of a segment of System V the one that made it. */
  pid: number;
  /** Processes outside of the cage see it too, so it may be theirs. */
  visibleOutside: boolean;
}

export type Piece =
  | { kind: 'process'; process: ProcessShare }
  | { kind: 'file'; file: HeldFile }
  | { kind: 'unread'; what: string }
  | { kind: 'done' };
