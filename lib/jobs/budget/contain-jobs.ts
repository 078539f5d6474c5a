import type { Outcome } from '../../../types/outcome';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import { resolveCageLimits } from '../../cgroup/limits/resolve-limits';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { ALIASES } from '../../common/options/accepted-options';
import { checkOptions } from '../../common/options/option-names';
import { formatSize } from '../../common/text/size';
import type { Program } from '../../process/launch-contract';
import { contain } from '../../start/contain/contain';
import { isShared } from '../../start/request/cage-options';
import { Gate } from '../../start/request/gate';
import type { BornChild, Turn, TurnOptions, Turns } from '../../start/request/turns';
import type { ContainJobsOptions } from './budget';
import { assertOpen, type BudgetCore, endJob, prepareStart } from './budget-core';
import { checkJobOptions, needOf, type OwnJobOptions } from './job-options';
import type { BudgetJob, JobListener, JobRequest } from './jobs';

const LIMITS = ['memory', 'pids', 'cpu', 'cpuTimeMs', 'stall'] as const;
const KNOWN = [...LIMITS, 'key', 'priority', 'threads'] as const;

/** The work of `budget.contain()`. */
export function containJobs<T>(core: BudgetCore, fn: () => T, options: ContainJobsOptions): T {
  assertOpen(core);
  const { cage } = core;
  if (!isShared(cage)) throw new Error('The cage of a budget is not one of createCage()');
  checkOptions(options, { of: 'budget.contain', known: KNOWN, aliases: ALIASES });
  const { threads, ...ofJobs } = options;
  return contain(cage, fn, threads === undefined ? {} : { threads }, turnsOf(core, ofJobs));
}

function turnsOf(core: BudgetCore, { key, priority, ...limits }: Omit<ContainJobsOptions, 'threads'>): Turns {
  const job = checkJobOptions({ key, priority });
  const given = resolveCageLimits(limits, 'budget.contain') ?? { memory: {} };
  const limitsFor = (own: CageLimits = given): CageLimits =>
    own.memory.max === undefined ? { ...own, memory: { ...own.memory, ...defaultMemory(core, key, given) } } : own;
  // Nothing within could ever start.
  needOf(limitsFor(), core.capacity);
  return { limitsFor, turnFor: (child) => new JobTurn(core, job, child) };
}

/** The limit of memory of a child without one of its own. */
function defaultMemory(
  { learner, capacity }: BudgetCore,
  key: string | undefined,
  { memory }: CageLimits,
): CageLimits['memory'] {
  if (learner === undefined || key === undefined) return memory;
  return { ...memory, max: learner.limitFor(key) ?? memory.max ?? capacity.memoryBytes };
}

/** The turn of a child that was started within `contain()`: a job that is born before it has room, while there is a gate to wait at. */
class JobTurn implements Turn {
  readonly #gate = new Gate();
  #job: BudgetJob | undefined;
  #hasRoom = false;
  #isAtGate = false;
  #born: BornChild | undefined;

  constructor(
    private readonly core: BudgetCore,
    private readonly own: OwnJobOptions,
    private readonly options: TurnOptions,
  ) {}

  waitBeforeStart({ file, signal }: { file: string; signal: AbortSignal | undefined }): Promise<void> | undefined {
    if (this.#canWaitAtGate) return undefined;
    const { core } = this;
    assertOpen(core);
    return core.jobs.whenRoom({ ...this.#request(file), signal }).then((job) => {
      this.#job = job;
      this.#enter(job);
    });
  }

  take({ file }: Pick<Program, 'file'>): Gate | undefined {
    const { core, options } = this;
    assertOpen(core);
    this.#job ??= this.#ask(file);
    if (this.#hasRoom) {
      prepareStart(core, this.#job);
      return undefined;
    }
    this.#isAtGate = true;
    core.gates.take();
    core.headroom.hold(options.heldBytes, core.cage);
    return this.#gate;
  }

  born(born: BornChild): void {
    const job = this.#job;
    if (job === undefined) return;
    this.#born = born;
    if (this.#hasRoom) this.#enter(job);
    else born.recorder.whenRecorded((outcome) => this.#leave(outcome.error ?? notStarted(job, outcome.signal)));
  }

  over(end: { outcome?: Outcome; error?: Error }): void {
    const job = this.#job;
    if (job === undefined || this.#born !== undefined) return;
    if (!this.#hasRoom) {
      this.#leave(end.error ?? notStarted(job));
      return;
    }
    const { outcome } = end;
    if (outcome === undefined) {
      job.ended(end);
      return;
    }
    // A synchronous one, that waited for nothing.
    job.started(undefined, job.sinceMs);
    endJob(this.core, job, { outcome, isEvicted: false });
  }

  /** Whether it can be born before it has room. */
  get #canWaitAtGate(): boolean {
    return this.options.canWait && !this.core.gates.areFull;
  }

  #request(file: string): JobRequest {
    const need = needOf(this.options.limits, this.core.capacity);
    return { ...this.own, file, isFollowed: this.options.canWait, need: () => need, canStartAgain: false };
  }

  #ask(file: string): BudgetJob {
    const { jobs, gates } = this.core;
    const request = this.#request(file);
    // A job that has left has a child that was born in the cage of the budget, which closes; or its child has ended.
    const listener: JobListener = { onRoom: (job) => this.#enter(job), onLeft: () => {} };
    const job = this.#canWaitAtGate ? jobs.enter(request, listener) : jobs.enterNow(request, listener);
    if (job === undefined)
      throw this.options.canWait ? gates.refuse(file) : hasNoRoom(file, request.need().memoryBytes);
    return job;
  }

  #enter(job: BudgetJob): void {
    this.#hasRoom = true;
    if (this.#born === undefined) return;
    this.#follow(job, this.#born);
    if (!this.#isAtGate) return;
    this.#waitsNoMore();
    const { headroom, jobs, cage } = this.core;
    try {
      headroom.makeFor(jobs.ledger.running.length, cage);
      this.#gate.open();
    } catch (error) {
      // If the cage closes, or is gone, this child ends with it, if it has not ended already.
      this.#gate.failed(error);
      this.#born.killAll();
    }
  }

  #follow(job: BudgetJob, { pid, child, cage, recorder, killAll }: BornChild): void {
    // Node sets the pid of a child only after its start has returned.
    if (child.pid === undefined && pid !== undefined) queueMicrotask(() => job.started(child));
    else if (pid !== undefined) job.startedUnseen(child);
    const hasSignal = (): boolean => child.killed;
    const started = { child: { pid, cage }, hasSignal, recorder, killAll };
    const { keepsDescendants } = this.options;
    this.core.followed.follow({ job, started, keepsDescendants, isPrompt: true }, (end) => endJob(this.core, job, end));
  }

  #leave(error: Error): void {
    this.#waitsNoMore();
    this.#job?.leave(error);
  }

  #waitsNoMore(): void {
    if (!this.#isAtGate) return;
    this.#isAtGate = false;
    this.core.gates.giveBack();
    this.core.headroom.letGo(this.options.heldBytes);
  }
}

function notStarted({ request }: BudgetJob, signal: string | null = null): MemcageError {
  const how = signal === null ? 'ended' : `was ended by ${signal}`;
  return new MemcageError(ErrorCode.SPAWN, `${request.file} ${how} while it waited for room in its budget`);
}

function hasNoRoom(file: string, bytes: number): MemcageError {
  return new MemcageError(
    ErrorCode.BUSY,
    `There is no room in the budget now for ${file}, which needs ${formatSize(bytes)}, and this call can't wait: a synchronous ` +
      'function blocks the event loop, and so all that could give room back. Call an asynchronous one, such as spawn() or exec()',
  );
}
