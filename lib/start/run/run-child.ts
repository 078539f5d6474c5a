import type { MemoryReport, Outcome } from '../../../types/outcome';
import type { RunOptions, RunResult } from '../../cage/contract/cage';
import { invalidArgument } from '../../common/errors/argument-errors';
import { AbortError, ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, textOf, words } from '../../common/errors/words';
import type { WhyNotRun } from '../../common/machine/why-not-run';
import { alreadyRead, type Called } from '../../common/options/accepted-options';
import { checkTimeout } from '../../common/options/checks';
import { withoutPrototype } from '../../common/options/option-names';
import { inspectable } from '../../common/text/inspected';
import { checkSize } from '../../common/text/size';
import { collectOutput, DEFAULT_MAX_BUFFER, type OutputEncoding, writeInput } from '../../process/collect-output';
import { defaultKillSignal } from '../../process/namespaces/namespaces';
import { nodeCall } from '../../process/node-call';
import type { Started } from '../launch/start-call';
import { pendingStart } from '../launch/start-call';
import { spelledOut } from '../request/cage-options';
import { EarlyEnd } from './early-end';
import { failureOfRun, noteRun } from './failure-of';
import { whyNotStarted } from './why-not-started';

export interface RunHooks {
  /** Called within the call, unless it rejects before there is a child. */
  onStarted?: (started: Started) => void;
  /** For how long memcage itself has stopped the child so far. That does not count for `timeout`. */
  stoppedMs?: () => number;
}

/** The work of `run()`, once its arguments have been told apart. */
export async function runChild(
  called: Called,
  file: string,
  args: readonly string[],
  given: RunOptions,
  { onStarted, stoppedMs = () => 0 }: RunHooks = {},
): Promise<RunResult<OutputEncoding>> {
  const {
    input,
    encoding = 'utf8',
    maxBuffer = DEFAULT_MAX_BUFFER,
    reject = true,
    timeout,
    ...others
  } = spelledOut(called.read(given), given.shell ? undefined : file);
  const options = withoutPrototype(others);
  const maxBytes = checkRunOptions({ input, encoding, maxBuffer, reject, timeout });
  options.stdio ??= [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'];
  const { turn, start } = pendingStart(nodeCall('spawn', [file, args, options]), alreadyRead(called), {
    isHidden: true,
  });
  const waiting = turn?.waitBeforeStart({ file, signal: options.signal });
  if (waiting !== undefined) await waiting;
  const explained = (error: Error): Error =>
    addToMessage(error, whyNotStarted(error, { file, args, cwd: options.cwd, hasRoot: options.root !== undefined }));
  let started: Started;
  try {
    started = start();
  } catch (error) {
    throw explained(error as Error);
  }
  const { child, recorder } = started;
  const closed = waitForClose(started);
  const early = new EarlyEnd(started, options.killSignal ?? defaultKillSignal(options.namespaces ?? {}) ?? 'SIGTERM');
  let reason: Error | undefined;
  const fail = (because: Error): void => {
    // An earlier reason stays: the child's end may be recorded by now.
    reason ??= because;
    recorder.because(because);
  };
  const end = (because: Error): void => {
    fail(because);
    early.begin();
  };
  const output = collectOutput(child, {
    encoding,
    maxBuffer: maxBytes,
    onOverflow: (stream) =>
      end(new MemcageError(ErrorCode.MAX_BUFFER, `${file} wrote more than ${maxBytes} bytes to ${stream}`)),
    onError: fail,
  });
  if (input !== undefined) writeInput(child, input, fail);
  const { signal } = options;
  const abort = (): void => end(new AbortError(signal?.reason));
  // Also for a signal that was aborted beforehand.
  const abortion = signal?.aborted === true ? setImmediate(abort) : undefined;
  signal?.addEventListener('abort', abort);
  const expiry =
    timeout === undefined || timeout === 0
      ? undefined
      : expireAfter(timeout, stoppedMs, () =>
          end(new MemcageError(ErrorCode.TIMEOUT, `${file} did not end within ${timeout} ms`)),
        );
  // By now an abort within it finds all listeners.
  onStarted?.(started);
  try {
    const startError = await closed;
    // The child may have ended long before, but what it left running had not.
    const outcome: Outcome<MemoryReport | null> = await child.outcome;
    const result = inspectable({ ...outcome, error: outcome.error ?? reason ?? null, ...output() });
    if (startError !== undefined) {
      throw Object.assign(explained(startError), { outcome: result });
    }
    const ended = { file, pid: child.pid, signal, encoding };
    noteRun(result, ended);
    const failure = reject ? failureOfRun(ended, result) : null;
    if (failure !== null) throw failure;
    return result;
  } finally {
    expiry?.clear();
    clearImmediate(abortion);
    signal?.removeEventListener('abort', abort);
    early.dispose();
  }
}

const SHORTEST_MS = 10;

function expireAfter(timeoutMs: number, stoppedMs: () => number, onExpired: () => void): { clear(): void } {
  let addedMs = 0;
  const expire = (): void => {
    const moreMs = stoppedMs() - addedMs;
    addedMs += moreMs;
    if (moreMs > 0) timer = setTimeout(expire, Math.max(SHORTEST_MS, moreMs));
    else onExpired();
  };
  let timer = setTimeout(expire, timeoutMs);
  return { clear: () => clearTimeout(timer) };
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

/** Node prints the stack, which has the message. */
function addToMessage(error: Error, known: WhyNotRun | undefined): Error {
  if (known === undefined) return error;
  const { message, stack } = error;
  const { why, cure } = known;
  error.message = textOf(words`${message}: ${why}${cure === undefined ? '' : words`${CURE}${cure}`}`);
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
  return Object.assign(error, cure !== undefined && { cure });
}

type OwnOptions = { [N in 'input' | 'encoding' | 'maxBuffer' | 'reject' | 'timeout']?: unknown };

/**
 * Checks what `run()` does not leave to Node. What is left out has its default.
 *
 * @returns `maxBuffer` in bytes
 */
export function checkRunOptions(given: OwnOptions): number {
  const { input, encoding = 'utf8', maxBuffer = DEFAULT_MAX_BUFFER, reject = true, timeout } = given;
  if (input !== undefined && typeof input !== 'string' && !(input instanceof Uint8Array)) {
    throw invalidArgument('input', 'a string or a Uint8Array', input);
  }
  if (encoding !== 'buffer' && (typeof encoding !== 'string' || !Buffer.isEncoding(encoding))) {
    throw invalidArgument('encoding', "an encoding of Buffer's, or 'buffer'", encoding);
  }
  if (typeof reject !== 'boolean') throw invalidArgument('reject', 'true or false', reject);
  checkTimeout(timeout);
  return checkSize('maxBuffer', maxBuffer, { min: 0, pageBytes: 0 });
}
