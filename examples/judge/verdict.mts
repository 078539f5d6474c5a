import { ExitError, LimitError, MemoryLimitError, RunError, TimeoutError } from 'memcage';

type Kind =
  | 'accepted'
  | 'wrong answer'
  | 'runtime error'
  | 'compile error'
  | 'compile limit'
  | 'time limit'
  | 'wall limit'
  | 'memory limit'
  | 'stalled'
  | 'process limit'
  | 'output limit'
  | 'file limit';

export interface Verdict {
  kind: Kind;
  /** What a person wants to know besides, on one line and safe to print. */
  detail: string;
}

/** The same, with all that the program wrote to stderr. */
interface Explanation extends Verdict {
  stderr: string;
}

type Ended = RunError['outcome'];

/** The verdict on a program that ended well. */
export function compare(ended: Ended, answer: string): Verdict {
  const output = String(ended.stdout).trim();
  if (output === answer) return { kind: 'accepted', detail: '' };
  // It may have been refused a process, and made do without.
  return refusedProcess(ended) ?? { kind: 'wrong answer', detail: onOneLine(output) };
}

/** The verdict on a program that did not. Each limit is memcage's own word, and never guessed from how the program ended. */
export function explain(error: unknown): Explanation {
  if (!(error instanceof RunError)) throw error;
  const ended = error.outcome;
  // A storm of refused forks may reach any other limit first: the kernel counts each refusal.
  const verdict = refusedProcess(ended) ?? atLimit(error, ended) ?? atItsOwnHand(error, ended);
  return { ...verdict, stderr: String(ended.stderr) };
}

function refusedProcess({ limits: { pids } }: Ended): Verdict | undefined {
  if (pids === null || (pids.limitHits ?? 0) === 0) return undefined;
  return { kind: 'process limit', detail: `more than ${pids.limit}` };
}

function atLimit(error: RunError, ended: Ended): Verdict | undefined {
  if (error instanceof MemoryLimitError) {
    return {
      kind: 'memory limit',
      detail: error.limit === 'heap' ? 'the JavaScript heap' : `cause ${ended.oom?.cause}`,
    };
  }
  if (error instanceof TimeoutError) return { kind: 'wall limit', detail: '' };
  if (error.code === 'ERR_MEMCAGE_MAX_BUFFER') return { kind: 'output limit', detail: '' };
  if (!(error instanceof LimitError)) return undefined;
  if (error.limit === 'stall') return { kind: 'stalled', detail: '' };
  if (error.limit === 'rlimits.fsize') return { kind: 'file limit', detail: '' };
  // rlimits.cpu is memcage's own, should it be stopped itself. It is above the other.
  return { kind: 'time limit', detail: '' };
}

function atItsOwnHand(error: RunError, { exitCode, signal, stderr }: Ended): Verdict {
  if (!(error instanceof ExitError)) throw error;
  const lastLine = String(stderr).trim().split('\n').at(-1) ?? '';
  const how = signal ?? `exit code ${exitCode}`;
  return { kind: 'runtime error', detail: lastLine === '' ? how : `${how}, ${onOneLine(lastLine)}` };
}

/** A program may write whatever it likes, such as control sequences for the terminal. */
export function onOneLine(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 160);
}
