import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { MemoryReport, Outcome, RunOutput } from '../../../types/outcome';
import { ExitError } from '../../common/errors/errors';
import { inspectable } from '../../common/text/inspected';
import { collectOutput, DEFAULT_MAX_BUFFER } from '../../process/collect-output';
import type { Started } from '../../start/launch/start-call';
import { endOf, failureOfRun } from '../../start/run/failure-of';

/** How long to read what a child wrote, if a process outside of its cage still holds its pipes. */
export const DRAIN_MS = 250;
/** How long a child may live on that has closed its channel, or whose channel was closed. */
export const LEAVE_MS = 1000;
/** How many characters of stderr go into the message of an error. */
const EXCERPT = 2000;

type EndedResult = Outcome<MemoryReport | null> & RunOutput<string>;

/** Reads what the child writes, if those are pipes, as far as that can be read: it explains how the child ended. */
export function readOutput(child: Started['child']): () => RunOutput<string> {
  const options = { encoding: 'utf8', maxBuffer: DEFAULT_MAX_BUFFER } as const;
  return collectOutput(child, { ...options, onOverflow: () => {}, onError: () => {} });
}

/** What became of a child of which nobody expected more than an exit. */
export async function endedResult({ child }: Started, output: () => RunOutput<string>): Promise<EndedResult> {
  const outcome = await child.outcome;
  // Node leaves them undefined if there were no fds for them.
  const streams = [child.stdout, child.stderr] as (Readable | null | undefined)[];
  const isOpen = streams.some((stream) => stream?.closed === false);
  if (isOpen) await once(child, 'close', { signal: AbortSignal.timeout(DRAIN_MS) }).catch(() => {});
  return inspectable({ ...outcome, ...output() });
}

/** The error for a child that has ended; `when` says before what. `told` is what it said itself. */
export function endError(
  { file, when, signal }: { file: string; when: string; signal?: AbortSignal | undefined },
  started: Started,
  result: EndedResult,
  told?: string,
): Error {
  const error = failureOfRun({ file, pid: started.child.pid, signal }, result);
  if (error !== null && !(error instanceof ExitError)) return error;
  const text = told ?? result.stderr.slice(-EXCERPT).trim();
  return new ExitError(`${endOf(file, result)} before ${when}${text === '' ? '' : `:\n${text}`}`, result);
}
