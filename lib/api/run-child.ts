import type { MemoryReport, Outcome } from '../../types/outcome';
import type { RunOptions, RunResult } from '../contract/cage';
import {
  AbortError,
  ErrorCode,
  ExitError,
  invalidArgument,
  MemcageError,
  MemoryLimitError,
  outOfRange,
  TimeoutError,
} from '../errors/errors';
import { defaultKillSignal } from '../namespaces/namespaces';
import { alreadyRead, type Called } from '../options/called';
import { collectOutput, DEFAULT_MAX_BUFFER, type OutputEncoding, writeInput } from '../process/collect';
import { nodeCall } from '../process/node-call';
import { inspectable } from '../text/inspected';
import { formatSize } from '../text/size';
import { EarlyEnd } from './early-end';
import { explainOom } from './explain-oom';
import { limitErrorOf, stallErrorOf } from './limit-error';
import { startThroughNode } from './start';
import type { Started } from './started';

/** The most that setTimeout() takes: a longer time becomes 1 ms. */
const MOST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * The work of `run()`, once its arguments have been told apart.
 *
 * @param onStarted called within the call, unless it rejects before there is a child
 */
export async function runChild(
  called: Called,
  file: string,
  args: readonly string[],
  given: RunOptions,
  onStarted?: (started: Started) => void,
): Promise<RunResult<OutputEncoding>> {
  const {
    input,
    encoding = 'utf8',
    maxBuffer = DEFAULT_MAX_BUFFER,
    reject = true,
    timeout,
    ...options
  } = called.read(given);
  checkRunOptions({ input, encoding, maxBuffer, reject, timeout });
  options.stdio ??= [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'];
  const started = startThroughNode(nodeCall('spawn', [file, args, options]), alreadyRead(called));
  const { child, recorder } = started;
  const closed = waitForClose(started);
  const early = new EarlyEnd(started, options.killSignal ?? defaultKillSignal(options.namespaces ?? {}) ?? 'SIGTERM');
  let reason: Error | undefined;
  const end = (because: Error): void => {
    reason ??= because;
    recorder.because(because);
    early.begin();
  };
  const output = collectOutput(child, {
    encoding,
    maxBuffer,
    onOverflow: (stream) =>
      end(new MemcageError(ErrorCode.MAX_BUFFER, `${file} wrote more than ${maxBuffer} bytes to ${stream}`)),
  });
  if (input !== undefined) writeInput(child, input, (error) => recorder.because(error));
  const { signal } = options;
  const abort = (): void => end(new AbortError(signal?.reason));
  // Also for a signal that was aborted beforehand.
  const abortion = signal?.aborted === true ? setImmediate(abort) : undefined;
  signal?.addEventListener('abort', abort);
  const timer =
    timeout === undefined || timeout === 0
      ? undefined
      : setTimeout(() => end(new MemcageError(ErrorCode.TIMEOUT, `${file} did not end within ${timeout} ms`)), timeout);
  // By now an abort within it finds all listeners.
  onStarted?.(started);
  try {
    const startError = await closed;
    // The child may have ended long before, but what it left running had not.
    const outcome: Outcome<MemoryReport | null> = {
      ...(reason !== undefined && { error: reason }),
      ...(await child.outcome),
    };
    const result = inspectable({ ...outcome, ...output() });
    if (startError !== undefined) throw Object.assign(startError, { outcome: result });
    if (reject) throwFailure({ file, pid: child.pid, signal }, result);
    return result;
  } finally {
    clearTimeout(timer);
    clearImmediate(abortion);
    signal?.removeEventListener('abort', abort);
    early.dispose();
  }
}

/** Resolves when the child has ended and its output has been read, or with Node's error when it never started. */
function waitForClose({ child }: Started): Promise<Error | undefined> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      // Without a pid there was no child and, after EMFILE, there is no 'close'.
      if (child.pid === undefined) resolve(error);
    });
    child.once('close', () => resolve(undefined));
  });
}

function throwFailure(
  { file, pid, signal }: { file: string; pid: number | undefined; signal: AbortSignal | undefined },
  result: RunResult<OutputEncoding>,
): void {
  const { error, oom, exitCode, nodeHeap } = result;
  // The outcome type of errors is that of caged children; without a cage `memory` is null here as well.
  const outcome = result as Outcome & typeof result;
  if (error?.name === 'AbortError') throw new AbortError(signal?.reason, outcome);
  if (oom !== null && oom.kills > 0) {
    const { peakBytes } = outcome.memory;
    throw new MemoryLimitError(explainOom(oom, { command: file, pid, peakBytes }).sentence, outcome, 'cgroup');
  }
  if (error instanceof MemcageError && error.code === ErrorCode.TIMEOUT) throw new TimeoutError(error.message, outcome);
  if (error !== undefined) throw Object.assign(error, { outcome });
  if (nodeHeap?.exhausted === 'likely') throw new MemoryLimitError(exitMessage(file, outcome), outcome, 'heap');
  const limitError = stallErrorOf(file, outcome) ?? limitErrorOf(file, outcome);
  if (limitError !== undefined) throw limitError;
  if (exitCode !== 0) throw new ExitError(exitMessage(file, outcome), outcome);
}

function exitMessage(file: string, { exitCode, signal, nodeHeap }: Outcome): string {
  const end = signal === null ? `${file} ended with exit code ${exitCode}` : `${file} was ended by ${signal}`;
  if (nodeHeap?.exhausted !== 'likely') return end;
  return `${end}, most likely at the limit of its JavaScript heap (${formatSize(nodeHeap.limitBytes)})`;
}

type OwnOptions = { [N in 'input' | 'encoding' | 'maxBuffer' | 'reject' | 'timeout']?: unknown };

/** Checks what `run()` does not leave to Node. What is left out has its default. */
export function checkRunOptions(given: OwnOptions): void {
  const { input, encoding = 'utf8', maxBuffer = DEFAULT_MAX_BUFFER, reject = true, timeout } = given;
  if (input !== undefined && typeof input !== 'string' && !(input instanceof Uint8Array)) {
    throw invalidArgument('input', 'a string or a Uint8Array', input);
  }
  if (encoding !== 'buffer' && (typeof encoding !== 'string' || !Buffer.isEncoding(encoding))) {
    throw invalidArgument('encoding', "an encoding of Buffer's, or 'buffer'", encoding);
  }
  if (typeof maxBuffer !== 'number' || !(maxBuffer >= 0)) {
    throw invalidArgument('maxBuffer', 'a number of bytes', maxBuffer);
  }
  if (typeof reject !== 'boolean') throw invalidArgument('reject', 'true or false', reject);
  const validTimeout =
    timeout === undefined || (typeof timeout === 'number' && Number.isInteger(timeout) && timeout >= 0);
  if (!validTimeout) throw invalidArgument('timeout', 'a number of milliseconds', timeout);
  if (timeout !== undefined && timeout > MOST_TIMEOUT_MS) throw outOfRange('timeout', MOST_TIMEOUT_MS, timeout);
}
