import type { Baseline, Costs } from './baseline';
import type { Answer } from './search';
import type { Trial } from './trial';

/** How a run at a limit went: `well`, or the first of the others that holds. */
export type TrialJudgement =
  | 'well'
  | 'not started'
  | 'killed'
  | 'stalled'
  | 'heap'
  | 'cut'
  | 'failed'
  | 'reads again'
  | 'waits'
  | 'slow';

export function judgeTrial(trial: Trial, baseline: Baseline): TrialJudgement {
  if (trial.error !== undefined) return 'not started';
  if (trial.oomKills > 0) return 'killed';
  if (trial.isStalled) return 'stalled';
  if (trial.isHeapExhausted) return 'heap';
  if (trial.isThrashing) return 'reads again';
  if (trial.isSpent) return 'slow';
  if (trial.isCut) return 'cut';
  if (trial.exitCode !== baseline.exitCode) return 'failed';
  return judgeCosts(trial, baseline);
}

/**
 * Not by the clock: a program takes longer whenever the machine does something else as well. What a limit costs is in the counts, and they
 * are much the same each time.
 */
function judgeCosts(trial: Trial, { allowed }: Baseline): TrialJudgement {
  const isAbove = (cost: keyof Costs): boolean => (trial[cost] ?? 0) > allowed[cost];
  if (isAbove('refaults') || isAbove('majorFaults')) return 'reads again';
  if (isAbove('stallMs')) return 'waits';
  return isAbove('cpuMs') ? 'slow' : 'well';
}

/** How much more processor time than allowed a run may take by chance. */
export const DOUBT = 1.3;

export function answerOf(judgement: TrialJudgement, trial: Trial, baseline: Baseline): Answer {
  return { isGood: judgement === 'well', isDoubtful: isDoubtful(judgement, trial, baseline) };
}

function isDoubtful(judgement: TrialJudgement, trial: Trial, baseline: Baseline): boolean {
  // A machine that does something else for a while has a run cut too, but makes it no dearer.
  if (judgement === 'cut') return judgeCosts(trial, baseline) === 'well';
  return judgement === 'slow' && !trial.isSpent && trial.cpuMs <= DOUBT * baseline.allowed.cpuMs;
}

/** What did the command not do as it should without a limit? Undefined if nothing. */
export function complaintOf(trial: Trial, exitCode: number): string | undefined {
  if (trial.oomKills > 0) return 'something was killed for memory, though it had no limit of its own';
  if (trial.signal !== null) return `${trial.signal} ended it`;
  return trial.exitCode === exitCode ? undefined : `it ended with exit code ${trial.exitCode}`;
}

/** In words, for the table. */
export function wordsOf(judgement: TrialJudgement, { exitCode, signal, oomKills, error }: Trial): string {
  const words: Readonly<Record<TrialJudgement, string>> = {
    well: 'well',
    killed: oomKills === 1 ? 'killed for memory' : `${oomKills} killed for memory`,
    stalled: 'got nowhere because of memory',
    heap: 'at the limit of its JavaScript heap',
    cut: 'took too long, ended',
    'not started': `not started: ${error?.message}`,
    failed: signal === null ? `exit code ${exitCode}` : `ended by ${signal}`,
    'reads again': 'reads too much again',
    waits: 'waits too long for memory',
    slow: 'takes too much processor time',
  };
  return words[judgement];
}
