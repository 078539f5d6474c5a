import { type FdReserve, isFdShortage } from '../fd-reserve';
import type { SamplerReport, SamplerRequest } from '../messages';
import { SharedState } from '../shared-state';
import { Brakes, type DataLimits } from './brakes';
import type { Pidfds } from './killing';
import { ProcessorShare } from './pace';
import type { Look, ProcessTable } from './process';
import { SampledGroup } from './sampled-group';

/** How long looks may fail, for want of an fd perhaps, until the groups are given up. */
const PATIENCE_MS = 1000;
const RETRY_MS = 10;

interface SamplerOptions {
  table: ProcessTable;
  native: (Pidfds & DataLimits) | undefined;
  canStop: boolean;
  reserve: Pick<FdReserve, 'lend' | 'refill'>;
  /** Milliseconds of work so far. */
  costMs(): number;
  report(group: number, report: SamplerReport): void;
  /** Looks have failed for too long. */
  onFailed(error: unknown): void;
}

/** Looks at all groups, each as often as it needs. */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #groups = new Map<number, SampledGroup>();
  readonly #brakes: Brakes;
  readonly #share = new ProcessorShare(performance.now());
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  readonly #waiting: SamplerRequest[] = [];
  #failingSinceMs: number | undefined;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#brakes = new Brakes(options.native);
  }

  handle(request: SamplerRequest): void {
    // A look must not be asked about processes that it was not told of when it began.
    if (this.#isLooking) {
      this.#waiting.push(request);
      return;
    }
    this.#carryOut(request);
    this.#schedule();
  }

  #carryOut(request: SamplerRequest): void {
    if (request.kind === 'open') {
      this.#open(request);
    } else {
      const group = this.#groups.get(request.group);
      if (request.kind === 'add') {
        group?.members.add(request.pid, request.start ?? Number.NaN);
        if (group !== undefined) group.dueMs = 0;
      } else if (request.kind === 'expect') group?.members.expectChild(request.isExpected);
      else if (request.kind === 'look') group?.askForLook(request.request);
      else if (request.kind === 'kill') group?.askToKill(request.request);
      else group?.close();
      if (group?.isOver === true) this.#groups.delete(request.group);
    }
  }

  #open({ group, limitBytes, marker, openedAt, state }: Extract<SamplerRequest, { kind: 'open' }>): void {
    const { table, native: pidfds, canStop, report } = this.#options;
    // What has started since may have been taken for a stranger by a look for another group.
    table.rejudge(openedAt);
    this.#groups.set(
      group,
      new SampledGroup(group, limitBytes, marker, openedAt, new SharedState(state), {
        self: process.pid,
        pidfds,
        canStop,
        startTolerance: table.startTolerance,
        names: (processes) => table.names(processes),
        groupsOf: (process) => [...this.#groups].flatMap(([id, { members }]) => (members.has(process) ? [id] : [])),
        lookSoon: (processes) => {
          for (const each of this.#groups.values()) {
            if (processes.some((process) => each.members.has(process))) each.dueMs = 0;
          }
        },
        brakes: this.#brakes,
        onOver: (kill) => report(group, { kind: 'over', kill }),
        onKilled: (request) => report(group, { kind: 'killed', request }),
      }),
    );
  }

  #schedule(): void {
    if (this.#isLooking) return;
    clearTimeout(this.#timer);
    const groups = [...this.#groups.values()];
    if (groups.length === 0) return;
    const nowMs = performance.now();
    const dueMs = Math.min(...groups.map((group) => group.dueMs));
    const isUrgent = groups.some((group) => group.isUrgent);
    const affordableMs = isUrgent ? nowMs : nowMs + this.#share.waitMs(nowMs);
    const waitMs = Math.max(0, dueMs - nowMs, affordableMs - nowMs);
    // A timer of 0 would be one of 1.
    if (waitMs < 0.5) setImmediate(() => void this.#lookAtAll());
    else this.#timer = setTimeout(() => void this.#lookAtAll(), waitMs);
  }

  async #lookAtAll(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      // A timer may fire before anything is due: that no look was needed does not mean that one would have succeeded.
      if (await this.#look()) {
        this.#failingSinceMs = undefined;
        this.#options.reserve.refill();
      }
    } catch (error) {
      this.#endure(error);
    } finally {
      this.#isLooking = false;
      for (const request of this.#waiting.splice(0)) this.#carryOut(request);
      this.#schedule();
    }
  }

  /** @returns whether a group was due, and so was looked at */
  async #look(): Promise<boolean> {
    const { table, costMs } = this.#options;
    const beganMs = performance.now();
    const isUrgent = [...this.#groups.values()].some((group) => group.isUrgent);
    const due = [...this.#groups].filter(([, { dueMs }]) => dueMs <= beganMs + 0.5);
    if (due.length === 0) return false;
    const before = costMs();
    const roots = [...this.#groups.values()].flatMap(({ members }) => members.roots);
    const look: Look = await table.look(
      due.some(([, group]) => group.needsAll),
      roots,
    );
    // All groups judge each look, since no process is fresh twice.
    for (const { members } of this.#groups.values()) members.judge(look);
    const canMeasure = this.#share.isAmple(beganMs);
    // So that the others still see what is about to be killed.
    due.sort(([, a], [, b]) => Number(a.isKilling) - Number(b.isKilling));
    for (const [id, group] of due) {
      const pauseMs = await group.take(look, canMeasure);
      group.dueMs = performance.now() + pauseMs;
      if (group.isOver) this.#groups.delete(id);
    }
    // What was asked for may cost what it costs, and must not make the others wait.
    if (!isUrgent) this.#share.spend(costMs() - before, performance.now());
    return true;
  }

  #endure(error: unknown): void {
    const nowMs = performance.now();
    this.#failingSinceMs ??= nowMs;
    if (nowMs > this.#failingSinceMs + PATIENCE_MS) {
      this.#groups.clear();
      this.#options.onFailed(error);
    }
    const retryMs = isFdShortage(error) && this.#options.reserve.lend() ? nowMs : nowMs + RETRY_MS;
    for (const group of this.#groups.values()) group.dueMs = Math.max(group.dueMs, retryMs);
  }
}
