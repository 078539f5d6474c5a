import { cpus } from 'node:os';
import type { Outcome } from '../../../types/outcome';
import { isGone, refusedWith } from '../../cgroup/directory/refusal';
import { UsageAlarm } from '../../cgroup/events/usage-alarm';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { cancel, later, outsideOfCalls } from '../../common/event-loop/timers';
import { LookPace } from './admission/look-pace';
import { Reliever } from './admission/reliever';
import type { RoomLedger, RunningRecord } from './admission/room-ledger';
import type { UseAdmission } from './admission/use-admission';
import { AvailableMemory } from './available-memory';
import type { FollowedJobs } from './followed-jobs';
import { UseReader } from './use-reader';

/** After a start or an end. */
const SOON_MS = 10;

/** Where the kernel tells that memory runs short (v1), as parts of it. */
const ALARMS = [3 / 4, 7 / 8, 31 / 32];

export interface WatchedBudget {
  /** The cgroup around all jobs. */
  cgroup: Cgroup;
  memoryBytes: number;
  ledger: RoomLedger;
  followed: FollowedJobs;
  /** What decides by the use; undefined if it is only measured. */
  admission: UseAdmission | undefined;
}

/**
 * Looks at what jobs use, the more often the less memory is free, freezes and evicts, and has the queue looked at again. Looks at nothing
 * while no job runs, and does not keep the event loop alive.
 */
export class Lookout {
  readonly #reader: UseReader;
  readonly #alarms: UsageAlarms;
  readonly #available: AvailableMemory;
  readonly #pace = new LookPace(cpus().length);
  readonly #reliever: Reliever | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #isStopped = false;

  constructor(private readonly watched: WatchedBudget) {
    const { cgroup, memoryBytes, admission, followed } = watched;
    this.#reader = new UseReader(cgroup.version);
    this.#available = new AvailableMemory(cgroup);
    this.#alarms = new UsageAlarms(cgroup, memoryBytes, () => this.#look());
    if (admission === undefined) return;
    this.#reliever = new Reliever(admission, followed);
    this.#lookedAtNone(admission);
    this.#available.end();
  }

  jobStarted(): void {
    if (this.#isStopped) return;
    this.#alarms.begin();
    this.#lookIn(SOON_MS);
  }

  jobEnded(record: RunningRecord, { memory }: Pick<Outcome, 'memory'>): void {
    const { ledger, followed, admission } = this.watched;
    if (this.#isStopped) return;
    admission?.ended(record, memory.peakBytes, performance.now());
    if (followed.measurable().length > 0) {
      this.#lookIn(SOON_MS);
      return;
    }
    if (admission !== undefined) this.#lookedAtNone(admission);
    this.#rest();
    ledger.giveRoom();
  }

  stop(): void {
    this.#isStopped = true;
    this.#rest();
  }

  #lookedAtNone(admission: UseAdmission): void {
    const nowMs = performance.now();
    let moreBytes = 0;
    try {
      moreBytes = this.#available.moreBytes(0, nowMs);
    } catch (error) {
      // One job may start, and the next look tries again.
      if (!mayPass(error)) throw error;
    }
    admission.looked(this.watched.ledger.running, { usedBytes: 0, moreBytes }, nowMs);
  }

  #rest(): void {
    this.#alarms.end();
    this.#available.end();
    cancel(this.#timer);
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  #lookIn(pauseMs: number): void {
    const dueMs = performance.now() + pauseMs;
    if (dueMs >= this.#dueMs) return;
    cancel(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = outsideOfCalls(() => later(() => this.#look(), pauseMs).unref());
  }

  #look(): void {
    if (this.#isStopped) return;
    this.#dueMs = Number.POSITIVE_INFINITY;
    let pauseMs = SOON_MS;
    try {
      const usedBytes = this.#measure();
      const nowMs = performance.now();
      if (usedBytes !== undefined) {
        const shareBytes = this.#decide(usedBytes, nowMs);
        pauseMs = this.#pace.after(usedBytes, shareBytes, nowMs);
      }
    } catch (error) {
      // Nothing is admitted on old figures, and the next look tries again.
      if (!mayPass(error)) throw error;
    } finally {
      if (this.watched.followed.measurable().length > 0) this.#lookIn(pauseMs);
    }
  }

  /** What is used in the whole budget; undefined if it is gone. */
  #measure(): number | undefined {
    const { cgroup: around, followed } = this.watched;
    const jobs = followed.measurable();
    const [usedBytes, ...uses] = this.#reader.read([around, ...jobs.map(({ cgroup }) => cgroup)]);
    for (const [index, { record }] of jobs.entries()) {
      const use = uses[index];
      if (use !== undefined) record.measured(use);
    }
    return usedBytes;
  }

  /** @returns what the jobs can have together now, in bytes */
  #decide(usedBytes: number, nowMs: number): number {
    const { admission, ledger, memoryBytes } = this.watched;
    if (admission === undefined) return memoryBytes;
    const moreBytes = this.#available.moreBytes(usedBytes, nowMs);
    admission.looked(ledger.running, { usedBytes, moreBytes }, nowMs);
    this.#reliever?.relieve(ledger.running, usedBytes, nowMs);
    ledger.giveRoom();
    return admission.shareBytes;
  }
}

/** v1: has the kernel tell of a burst that comes between two looks. It counts page cache too, and so may tell of nothing. */
class UsageAlarms {
  #alarms: readonly UsageAlarm[] = [];

  constructor(
    private readonly cgroup: Cgroup,
    private readonly memoryBytes: number,
    private readonly onAbove: () => void,
  ) {}

  /** Opens v1's alarms. If there are no fds for them, looks alone have to do. */
  begin(): void {
    if (this.cgroup.version !== 1 || this.#alarms.length > 0) return;
    const opened: UsageAlarm[] = [];
    try {
      const directory = this.cgroup.opened();
      for (const part of ALARMS) {
        const bytes = Math.floor(this.memoryBytes * part);
        opened.push(outsideOfCalls(() => new UsageAlarm(directory, bytes, ({ above }) => above && this.onAbove())));
      }
      this.#alarms = opened;
    } catch {
      for (const alarm of opened) alarm.close();
    }
  }

  end(): void {
    for (const alarm of this.#alarms) alarm.close();
    this.#alarms = [];
  }
}

/** Whether the kernel is short of something, or the budget ends. */
function mayPass(error: unknown): boolean {
  return isGone(error) || refusedWith(error, 'EMFILE', 'ENFILE', 'ENOMEM');
}
