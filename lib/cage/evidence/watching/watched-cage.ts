import type { NativeBinding } from '../../../../types/native';
import type { Evidence } from '../../../../types/outcome';
import { CgroupDirectory } from '../../../cgroup/directory/directory';
import type { CgroupVersion } from '../../../cgroup/files/formats';
import type { KillCgroup } from '../../../cgroup/processes/kill-cgroup';
import { isPopulated, listPids } from '../../../cgroup/processes/pids';
import { type Capacity, type HeldMemory, readCapacity, readHeld, readUsage } from '../held-memory';
import type { DirectoryPlace, WatchedCageOptions } from '../messages';
import { SharedCageState } from '../shared-state';
import { writeReport } from '../write-report';
import { type Alarm, openAlarm } from './alarm';
import { whileFrozen } from './frozen';
import { Pace } from './pace';
import type { ReaderThread } from './reader-thread';

/** A cage is stopped for no longer than this, and a moment. */
const LONGEST_MS = 900;
/** Held back from this part of the alarm on, the kernel may throttle: v2's memory.high. Below it page cache may fill the rest. */
const NEAR = 0.8;
/** A cage that stays full has filled once. */
const MOST_REPORTS = 10;
const AFTER_REPORT_MS = 1000;

/** What all cages of a keeper share. */
export interface Environment {
  native: NativeBinding;
  reader: ReaderThread;
  machineSwap: number;
  watch(fd: number, kind: 'event' | 'priority', onAlarm: () => void): () => void;
  onTaken(evidence: Evidence): void;
}

/** A cage whose alarm this thread waits for. */
export class WatchedCage {
  readonly #memory: CgroupDirectory;
  readonly #freezer: KillCgroup;
  readonly #version: CgroupVersion;
  readonly #state: SharedCageState;
  readonly #alarm: Alarm;
  readonly #pace = new Pace();
  #timer: NodeJS.Timeout | undefined;
  #hasTold = false;
  #reports = 0;
  #isClosed = false;

  /** @throws why there can't be an alarm */
  constructor(
    private readonly options: WatchedCageOptions,
    private readonly environment: Environment,
  ) {
    const { version, memory, freezer, state } = options;
    const { native } = environment;
    this.#version = version;
    this.#state = new SharedCageState(state);
    this.#memory = opened(native, memory);
    let directory = this.#memory;
    try {
      if (freezer.path !== memory.path) directory = opened(native, freezer);
      this.#freezer = { kind: freezer.kind, directory };
      const file = freezer.kind === 'freezer' ? 'freezer.state' : 'cgroup.freeze';
      if (!directory.has(file)) throw new Error(`this kernel has no ${file}`);
      this.#alarm = openAlarm(version, this.#memory, {
        state: this.#state,
        watch: (fd, kind) => environment.watch(fd, kind, () => this.#heard()),
      });
    } catch (error) {
      directory.close();
      this.#memory.close();
      throw error;
    }
    try {
      this.#look();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The limit, or what the caller wants of memory.high, may have changed. */
  look(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#alarm.consume();
      this.#look();
    } catch {
      // The cage is gone, or about to be.
      if (!this.#memory.isClosed && isGoneNow(this.#memory)) this.close();
      else this.#later(AFTER_REPORT_MS);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#alarm.close();
    if (this.#freezer.directory !== this.#memory) this.#freezer.directory.close();
    this.#memory.close();
  }

  #look(): void {
    const capacity = this.#capacity();
    if (!this.#hasTold && this.#isQuiet(capacity)) return;
    const usageBytes = readUsage(this.#memory, this.#version);
    const held = readHeld(this.#memory, this.#version, usageBytes);
    const reachedAt = capacity.bytes * this.options.at;
    const isNear = held.heldBytes >= reachedAt * NEAR;
    if (this.#hasTold && (isNear || this.#reports >= MOST_REPORTS)) {
      this.#later(AFTER_REPORT_MS);
      return;
    }
    this.#hasTold = false;
    if (held.heldBytes >= reachedAt) {
      this.#take(capacity);
      return;
    }
    if (isNear) this.#alarm.rearm(this.#alarmBytes(capacity));
    else this.#alarm.rest();
    this.#later(this.#pace.pauseMs(held.heldBytes, capacity.bytes - held.heldBytes, performance.now()));
  }

  #capacity(): Capacity {
    return readCapacity(this.#memory, this.#version, this.environment.machineSwap);
  }

  /** Whether the alarm tells when the cage is full, of page cache at least. */
  #isQuiet(capacity: Capacity): boolean {
    const bytes = this.#alarmBytes(capacity);
    if (readUsage(this.#memory, this.#version) >= bytes) return false;
    this.#alarm.rearm(bytes);
    this.#pace.forget();
    // It may have been too late for the alarm.
    return readUsage(this.#memory, this.#version) < bytes;
  }

  /** Swap fills up while memory is full. */
  #alarmBytes({ maxBytes }: Capacity): number {
    return Math.floor(Math.min(maxBytes, Number.MAX_SAFE_INTEGER) * this.options.at);
  }

  /** While it looks anyway, the kernel may tell what it wants. */
  #heard(): void {
    if (this.#timer === undefined) this.look();
  }

  #later(pauseMs: number): void {
    this.#timer = setTimeout(() => this.look(), pauseMs);
  }

  #take(capacity: Capacity): void {
    const { reader } = this.environment;
    reader.prepare();
    this.#state.isTaking = true;
    try {
      const startMs = performance.now();
      const taken = whileFrozen(this.#freezer, this.#state, () => this.#read(reader, startMs));
      const frozenMs = performance.now() - startMs;
      const { held, usageBytes, reading } = taken;
      const limits = { limitBytes: capacity.bytes, at: this.options.at, cage: this.#memory.path };
      const evidence = writeReport(this.options.dir, {
        ...{ ...limits, usageBytes, frozenMs, held, reading, version: this.#version, timeMs: Date.now() },
      });
      this.environment.onTaken(evidence);
      this.#reports += 1;
    } finally {
      this.#hasTold = true;
      this.#state.isTaking = false;
    }
    this.#later(AFTER_REPORT_MS);
  }

  #read(reader: ReaderThread, startMs: number) {
    const usageBytes = readUsage(this.#memory, this.#version);
    const held: HeldMemory = readHeld(this.#memory, this.#version, usageBytes);
    const pids = listPids(this.#memory, 'cgroup.procs').filter((pid) => pid > 0);
    const reading = reader.read({ pids, sharedBytes: held.kinds.shared }, startMs + LONGEST_MS);
    // What was told is no reason to slow the cage down any more.
    this.#alarm.rest();
    return { held, usageBytes, reading };
  }
}

function opened(native: NativeBinding, { dirFd, relative, path }: DirectoryPlace): CgroupDirectory {
  return CgroupDirectory.anchoredAt(native, native.openBeneath({ dirFd, path: relative, access: 'path' }), path);
}

function isGoneNow(directory: CgroupDirectory): boolean {
  try {
    isPopulated(directory);
    return false;
  } catch {
    return true;
  }
}
