import { UNTRUSTED_MS } from '../../../../common/options/checks';
import { formatDuration } from '../../../../common/text/duration';
import { type Cage, type Cgroup, failureOf, MemoryLimitError, type Outcome, spawn } from '../../../../index';
import { FAILED } from '../../command';
import { inFlags } from '../../flags';
import { complain } from '../../text/output';
import { watchParents } from './parents';
import { Reports, type RunRequest } from './reports';
import { exitCodeOf, exitOnSignals, forwardSignals } from './signals';
import { reportStartError } from './start-error';
import { limitNotes } from './summary';

/** Returns the exit code. */
export async function startAndWait(request: RunRequest): Promise<number> {
  const { file } = request;
  const { keepDescendants = false, untrusted = false } = request.child;
  const { timeout = untrusted ? UNTRUSTED_MS : 0 } = request.child;
  const reports = new Reports(request);
  let child: ReturnType<typeof start> | undefined;
  // From before the start to the end: no signal may end this process and leave the cage behind.
  forwardSignals((signal) => child?.kill(signal));
  // Make the streams now. When Node makes one, it sets the pipe to non-blocking for every process that has it, also for
  // those that the command leaves running. The start of a child sets it back.
  if (keepDescendants) for (const name of ['stdout', 'stderr'] as const) Reflect.get(process, name);
  const startMs = performance.now();
  let ended: Error | undefined;
  try {
    if (request.dieWithParent) {
      watchParents((reason) => {
        ended ??= reason;
        // Where this can't be done, the guardian does it.
        child?.cage.kill().catch(() => process.kill(process.pid, 'SIGKILL'));
      });
    }
    child = start(request, reports.wantsDetails);
  } catch (error) {
    reports.failed(error as Error, performance.now() - startMs);
    return reportStartError(request, error as NodeJS.ErrnoException);
  }
  // The outcome has the error too.
  child.on('error', () => {});
  reports.started(child.cage, { runs: child.pid !== undefined, startMs });
  const told = await child.outcome;
  const outcome = ended === undefined ? told : { ...told, error: told.error ?? ended };
  const summary = await reports.ended(outcome);
  if (child.pid === undefined) return reportStartError(request, outcome.error);
  const failure = failureOf(outcome, { command: file, pid: child.pid });
  if (failure instanceof MemoryLimitError) complain(inFlags(failure, request.flags));
  else {
    if (outcome.oom !== null) complain(`${file}: ${outcome.oom.message}`);
    if (outcome.evidence !== null) complain(`${file}: near its memory limit: ${outcome.evidence.message}`);
  }
  if (outcome.error !== null) complain(outcome.error.message);
  if (timeout > 0 && child.killed && outcome.durationMs >= timeout) {
    complain(`${file}: it did not end within ${formatDuration(timeout)} (--timeout)`);
  }
  const weaker = weakerLine(outcome);
  if (weaker !== undefined) complain(weaker);
  for (const note of limitNotes(outcome, request.child.rlimits)) complain(`${file}: ${note}`);
  if (summary !== '') process.stderr.write(summary);
  if (keepDescendants) await untilClosed(child.cage);
  // A program that nobody trusts may have let a part of it be killed, and call that success.
  const isSpoilt = untrusted && outcome.exitCode === 0 && (outcome.oom?.kills ?? 0) > 0;
  const signal = isSpoilt ? 'SIGKILL' : outcome.signal;
  const code = signal === null ? (outcome.exitCode ?? FAILED) : exitCodeOf(signal);
  return code === 0 && !reports.isComplete ? FAILED : code;
}

function start({ file, args, cage, child }: RunRequest, memoryDetails: boolean) {
  // Whoever typed a limit wants it held, whatever the environment says of other programs.
  const { memory, enforce = 'kernel' } = cage;
  const limits = { max: 'max' as const, ...memory };
  return spawn(file, args, { ...cage, ...child, stdio: 'inherit', memory: limits, enforce, memoryDetails });
}

/** Keeps this process alive until the cage is closed. An open cage does not, and is killed when this process ends. */
function untilClosed(cage: Cage<Cgroup | null>): Promise<void> {
  if (cage.closed) return Promise.resolve();
  const alive = setInterval(() => {}, 2 ** 30);
  exitOnSignals();
  return new Promise((resolve) => {
    cage.once('close', () => {
      clearInterval(alive);
      resolve();
    });
  });
}

/** Who accepts less than the kernel should know that it was less. */
function weakerLine({ enforcedBy }: Outcome): string | undefined {
  if (enforcedBy === null || enforcedBy.kind === 'kernel') return undefined;
  const held = enforcedBy.kind === 'polled' ? 'The limits were polled' : 'Nothing held the limits';
  return `${held}, since the kernel could not hold them: ${enforcedBy.reason ?? ''}`;
}
