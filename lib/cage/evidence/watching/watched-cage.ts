import type { NativeBinding } from '../../../../types/native';
import type { Evidence } from '../../../../types/outcome';
import type { CgroupDirectory } from '../../../cgroup/directory/directory';
import { unlessGone } from '../../../cgroup/directory/refusal';
import type { CgroupVersion } from '../../../cgroup/files/formats';
import { canFreeze } from '../../../cgroup/processes/freezer';
import type { KillCgroup } from '../../../cgroup/processes/kill-cgroup';
import { isPopulated, listPids } from '../../../cgroup/processes/pids';
import { openPlace } from '../directory-place';
import { HeapEvidence } from '../heap/heap-evidence';
import type { HeapThread } from '../heap/heap-thread';
import { LONGEST_HEAPS_MS } from '../heap/take-heaps';
import { type Capacity, readCapacity, readHeld, readHeldStopped, readUsage } from '../held-memory';
import type { WatchedCageOptions } from '../messages';
import type { TakenEvidence } from '../report';
import { SharedCageState } from '../shared-state';
import { makeReportDirectory, writeReport } from '../write-report';
import { type Alarm, openAlarm } from './alarm';
import { whileFrozen } from './frozen';
import { History, type Look } from './history';
import { Pace } from './pace';
import type { ReaderThread } from './reader-thread';
import { Squeeze } from './squeeze';

/** A cage is stopped for no longer than this, and a moment. */
const LONGEST_MS = 900;
/** Held back from this part of the alarm on, the kernel may throttle: v2's memory.high. Below it page cache may fill the rest. */
const NEAR = 0.8;
/** A cage that stays full has filled once. */
const MOST_REPORTS = 10;
/** Another process may change the limit, and a cage that has filled once may empty: nothing tells that. */
const SELDOM_MS = 1000;
/** The kernel has made room. */
const SOON_MS = 10;

/** So many looks follow an alarm that was over when it was heard. */
const LOOKS_AFTER = 10;

/** What all cages of a keeper share. */
export interface Environment {
  native: NativeBinding;
  reader: ReaderThread;
  /** There for cages with heap snapshots. */
  heapThread: HeapThread | undefined;
  machineSwap: number;
  /** How many cages are watched. */
  cages(): number;
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
  readonly #history: History;
  readonly #squeeze: Squeeze;
  #timer: NodeJS.Timeout | undefined;
  /** The alarm says when to look. Else it is not set, or would tell all the time. */
  #listens = false;
  /** Page cache has filled it, and will again: from then on it looks by itself. */
  #hasCache = false;
  #hasTold = false;
  #looksLeft = 0;
  #reports = 0;
  #heaps: HeapEvidence | undefined;
  /** Heap snapshots are being written: it goes on afterwards. */
  #isHeld = false;
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
    this.#memory = openPlace(native, memory);
    let directory = this.#memory;
    try {
      if (freezer.path !== memory.path) directory = openPlace(native, freezer);
      this.#freezer = { kind: freezer.kind, directory };
      if (!canFreeze(this.#freezer)) throw new Error('this kernel has no cgroup.freeze (Linux 5.2)');
      this.#alarm = openAlarm(version, this.#memory, {
        state: this.#state,
        watch: (fd, kind) => environment.watch(fd, kind, () => this.#heard()),
      });
    } catch (error) {
      directory.close();
      this.#memory.close();
      throw error;
    }
    this.#squeeze = new Squeeze(this.#memory);
    this.#history = new History(() => this.#held(), environment.cages);
    try {
      const { beside } = options;
      const { heapThread } = environment;
      if (beside !== undefined && heapThread !== undefined) {
        const place = { memory: this.#memory, freezer: this.#freezer };
        this.#heaps = new HeapEvidence(place, { beside, version }, { native, state: this.#state, thread: heapThread });
      }
      this.#look();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The limit, or what the caller wants of memory.high, may have changed. */
  look(): void {
    if (this.#isClosed || this.#isHeld) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#alarm.consume();
      this.#squeeze.putBack();
      this.#look();
    } catch {
      // The cage is gone, or about to be.
      if (!this.#memory.isClosed && isGoneNow(this.#memory)) this.close();
      else this.#later(SELDOM_MS);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#history.close();
    this.#alarm.close();
    this.#heaps?.close();
    if (this.#freezer.directory !== this.#memory) this.#freezer.directory.close();
    this.#memory.close();
  }

  #look(): void {
    const capacity = this.#capacity();
    const alarmBytes = this.#alarmBytes(capacity);
    this.#listens = !this.#hasTold && !this.#hasCache;
    if (this.#listens) {
      this.#alarm.rearm(alarmBytes);
      // Read after that: it may have been too late for the alarm.
      const usageBytes = readUsage(this.#memory, this.#version);
      if (usageBytes < alarmBytes) {
        this.#laterBelow(usageBytes, alarmBytes, capacity);
        return;
      }
    }
    const { heldBytes } = this.#held().held;
    const reachedAt = capacity.bytes * this.options.at;
    const isNear = heldBytes >= reachedAt * NEAR;
    if (this.#hasTold && (isNear || this.#reports >= MOST_REPORTS)) {
      this.#later(SELDOM_MS);
      return;
    }
    this.#hasTold = false;
    if (heldBytes >= reachedAt) {
      this.#take(capacity);
      return;
    }
    this.#hasCache = true;
    this.#listens = isNear;
    if (isNear) this.#alarm.rearm(alarmBytes);
    else this.#alarm.rest();
    this.#later(this.#pace.pauseMs(heldBytes, capacity.bytes - heldBytes, performance.now()));
  }

  #capacity(): Capacity {
    return readCapacity(this.#memory, this.#version, this.environment.machineSwap);
  }

  /** Swap fills up while memory is full. */
  #alarmBytes({ maxBytes }: Capacity): number {
    return Math.floor(Math.min(maxBytes, Number.MAX_SAFE_INTEGER) * this.options.at);
  }

  #heard(): void {
    if (!this.#listens) return;
    this.#looksLeft = LOOKS_AFTER;
    this.look();
  }

  /** It was that full a moment ago, if it was heard, and the kernel need not tell when it is again. */
  #laterBelow(usageBytes: number, alarmBytes: number, { maxBytes }: Capacity): void {
    if (this.#looksLeft === 0) {
      this.#later(SELDOM_MS);
      return;
    }
    this.#looksLeft -= 1;
    if (this.#looksLeft === 0) this.#alarm.renew(alarmBytes);
    this.#later(this.#pace.pauseMs(usageBytes, maxBytes - usageBytes, performance.now()));
  }

  #later(pauseMs: number): void {
    this.#timer = setTimeout(() => this.look(), pauseMs);
  }

  #take(capacity: Capacity): void {
    const { reader, onTaken } = this.environment;
    reader.prepare();
    this.#state.isTaking = true;
    let letGo: (() => void) | undefined;
    try {
      const startMs = performance.now();
      const read = whileFrozen(this.#freezer, this.#state, (stay) => {
        const found = this.#read(capacity, startMs);
        if (found !== undefined && this.#heaps !== undefined) letGo = stay(LONGEST_HEAPS_MS);
        return found;
      });
      if (read === undefined) {
        this.#later(SOON_MS);
        return;
      }
      this.#hasTold = true;
      this.#reports += 1;
      const { dir, at } = this.options;
      const of = { cage: this.#memory.path, version: this.#version, limitBytes: capacity.bytes, at };
      const when = { frozenMs: performance.now() - startMs, timeMs: Date.now() };
      const taken = { ...of, ...when, ...read, samples: this.#history.upTo(read) };
      if (this.#heaps !== undefined && letGo !== undefined) {
        this.#isHeld = true;
        void this.#takeHeaps(this.#heaps, taken, { startMs, letGo });
        return;
      }
      onTaken(writeReport(dir, taken));
      this.#later(SELDOM_MS);
    } catch (error) {
      letGo?.();
      throw error;
    } finally {
      if (!this.#isHeld) this.#state.isTaking = false;
      // One that is still held up is of no use next time.
      reader.prepare();
    }
  }

  /** While the cage stays stopped; then reads what was written, and tells. */
  async #takeHeaps(
    heaps: HeapEvidence,
    taken: TakenEvidence,
    { startMs, letGo }: { startMs: number; letGo: () => void },
  ): Promise<void> {
    const { dir } = this.options;
    let path: string | undefined;
    try {
      try {
        path = makeReportDirectory(dir, taken.timeMs);
        taken.heaps = await heaps.take(taken.reading.processes, path);
      } finally {
        letGo();
        taken.frozenMs = performance.now() - startMs;
      }
      await heaps.summarize(taken.heaps, path);
    } catch {
      // The cage is gone, or nothing can be written.
    } finally {
      this.environment.onTaken(writeReport(dir, taken, path));
      this.#isHeld = false;
      this.#state.isTaking = false;
      if (!this.#isClosed) this.#later(SELDOM_MS);
    }
  }

  /** Of the stopped cage; undefined if the kernel could make room after all. */
  #read(capacity: Capacity, startMs: number): Pick<TakenEvidence, 'usageBytes' | 'held' | 'reading'> | undefined {
    const reachedAt = capacity.bytes * this.options.at;
    let { usageBytes, held } = this.#heldStopped();
    let lowered: string | undefined;
    // Without the kernel's own memory it would not even be near.
    if (this.#version === 1 && held.heldBytes - held.kinds.kernel < reachedAt * NEAR) {
      lowered = this.#squeeze.squeeze(held.heldBytes - reachedAt * NEAR);
      ({ usageBytes, held } = this.#heldStopped());
      if (held.heldBytes < reachedAt && lowered === undefined) return undefined;
    }
    const pids = listPids(this.#memory, 'cgroup.procs').filter((pid) => pid > 0);
    const { reader } = this.environment;
    const reading = reader.read({ pids, sharedBytes: held.kinds.shared }, startMs + LONGEST_MS);
    if (lowered !== undefined) reading.unread.push(lowered);
    // What was told is no reason to slow the cage down any more. It may be gone: the addon lets it go on if this thread is late.
    unlessGone(() => this.#alarm.rest());
    return { held, usageBytes, reading };
  }

  #held(read = readHeld): Look {
    const usageBytes = readUsage(this.#memory, this.#version);
    return { usageBytes, held: read(this.#memory, this.#version, usageBytes) };
  }

  #heldStopped(): Look {
    return this.#held(readHeldStopped);
  }
}

function isGoneNow(directory: CgroupDirectory): boolean {
  try {
    isPopulated(directory);
    return false;
  } catch {
    return true;
  }
}
