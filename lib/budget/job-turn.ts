import type { Outcome } from '../../types/outcome';
import { Gate } from '../child/gate';
import { ErrorCode, MemcageError } from '../errors/errors';
import type { LaunchPlan } from '../process/launch';
import type { BornChild, Turn, TurnOptions } from '../request/turns';
import { formatSize } from '../text/size';
import type { BudgetParts } from './budget-parts';
import type { OwnJobOptions } from './job-options';
import type { Job, JobEnd, JobListener } from './jobs';
import { needOf } from './need';
import { recordAttempt } from './record-attempt';
import { assertOpen } from './start-jobs';

/** The turn of a child that was started within `contain()`: a job that is born before it has room. */
export class JobTurn implements Turn {
  readonly #gate = new Gate();
  #job: Job | undefined;
  #hasRoom = false;
  #born: BornChild | undefined;

  constructor(
    private readonly parts: BudgetParts,
    private readonly own: OwnJobOptions,
    private readonly options: TurnOptions,
  ) {}

  take({ file }: Pick<LaunchPlan, 'file'>): Gate | undefined {
    const { parts, own, options } = this;
    assertOpen(parts);
    const need = needOf(options.limits, parts.supply);
    const request = { ...own, file, need: () => need, canStartAgain: false };
    const { jobs } = parts;
    // One that has left was born, in the cage of the budget, which closes; or it has ended.
    const listener: JobListener = { onRoom: (job) => this.#enter(job), onLeft: () => {} };
    this.#job = options.canWait ? jobs.enter(request, listener) : jobs.enterNow(request, listener);
    if (this.#job === undefined) throw hasNoRoom(file, need.memoryBytes);
    return this.#hasRoom ? undefined : this.#gate;
  }

  born(born: BornChild): void {
    const job = this.#job;
    if (job === undefined) return;
    this.#born = born;
    if (this.#hasRoom) this.#enter(job);
    else this.#onceGone(born, ({ error, signal }) => this.#endedBefore(job, error, signal));
  }

  over(end: { outcome?: Outcome; error?: Error }): void {
    const job = this.#job;
    if (job === undefined || this.#born !== undefined) return;
    if (!this.#hasRoom) {
      job.leave(end.error ?? notStarted(job));
      return;
    }
    if (end.outcome !== undefined) {
      job.started(undefined);
      recordAttempt(this.parts, job, end.outcome);
    }
    job.ended(end);
  }

  #enter(job: Job): void {
    this.#hasRoom = true;
    if (this.#born === undefined) return;
    this.#follow(job, this.#born);
    this.#gate.open();
  }

  #follow(job: Job, born: BornChild): void {
    const { pid, child, cage, recorder, killAll } = born;
    const { followed } = this.parts;
    // Node sets the pid of a child only after its start has returned.
    if (child.pid === undefined && pid !== undefined) queueMicrotask(() => job.started(child));
    else if (pid !== undefined) job.started(child);
    const { keepsDescendants } = this.options;
    const gone = followed.untilGone(job, { child: { pid, cage }, recorder, killAll }, keepsDescendants);
    // What it kept running still takes its room.
    if (keepsDescendants) void gone.then((end) => this.#ended(job, end));
    else this.#onceGone(born, (outcome) => this.#ended(job, endOf(outcome, pid)));
  }

  /** In time for who looks for room in the listeners of its 'exit'. */
  #onceGone({ recorder }: BornChild, listener: (outcome: Outcome) => void): void {
    // A child in a cage always has the kernel's report.
    if (recorder.outcome === undefined) recorder.onRecorded = (outcome) => listener(outcome as Outcome);
    else listener(recorder.outcome as Outcome);
  }

  #ended(job: Job, end: JobEnd & { outcome: Outcome }): void {
    recordAttempt(this.parts, job, end.outcome);
    job.ended(end);
    this.parts.followed.listener?.jobEnded();
  }

  #endedBefore(job: Job, error: Error | undefined, signal: string | null): void {
    if (!this.#hasRoom) job.leave(error ?? notStarted(job, signal));
  }
}

function endOf(outcome: Outcome, pid: number | undefined): JobEnd & { outcome: Outcome } {
  const { error } = outcome;
  return pid === undefined && error !== undefined ? { outcome, error } : { outcome };
}

function notStarted({ request }: Job, signal: string | null = null): MemcageError {
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
