import type { Serializable } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { RunOutput } from '../../../types/outcome';
import { AbortError, closedError, ErrorCode, MemcageError } from '../../common/errors/errors';
import type { Started } from '../../start/launch/start-call';
import { EarlyEnd } from '../../start/run/early-end';
import { ASK, ASKED, type PoolMessage } from './preload/messages';
import { endError, endedResult, LEAVE_MS } from './unexpected-end';

export interface AskRequest {
  message: Serializable;
  /** Whether the child may be asked more. */
  more: boolean;
  /** The module, for errors. */
  file: string;
  killSignal: NodeJS.Signals | number;
  signal: AbortSignal | undefined;
  timeout: number | undefined;
  /** What the child writes to its pipes. */
  output: () => RunOutput<string>;
  /** Calls the function when the pool closes. The returned function takes that back. */
  onClose: (act: () => void) => () => void;
}

/** Asks a child, and resolves with its first answer. It has ended when this rejects. */
export async function ask(started: Started, question: AskRequest): Promise<unknown> {
  const { recorder } = started;
  const { file, signal, timeout, output } = question;
  const early = new EarlyEnd(started, question.killSignal);
  let reason: Error | undefined;
  const end = (because: Error): void => {
    reason ??= because;
    recorder.because(because);
    early.begin();
  };
  const stays = question.onClose(() => end(poolClosed()));
  const abort = (): void => end(new AbortError(signal?.reason));
  signal?.addEventListener('abort', abort);
  if (signal?.aborted === true) abort();
  const late = (): void => end(new MemcageError(ErrorCode.TIMEOUT, `${file} did not answer within ${timeout} ms`));
  const timer = timeout === undefined || timeout === 0 ? undefined : setTimeout(late, timeout);
  const broken = (error: Error): void => {
    if (error instanceof MemcageError) end(error);
  };
  started.child.on('error', broken);
  try {
    const answer = await answerOf(started, question);
    if (answer !== undefined) return answer.message;
    const result = await endedResult(started, output);
    if (reason !== undefined) result.error ??= reason;
    throw endError({ file, when: 'it answered', signal }, started, result);
  } finally {
    clearTimeout(timer);
    stays();
    signal?.removeEventListener('abort', abort);
    started.child.off('error', broken);
    early.dispose();
  }
}

export function poolClosed(): MemcageError {
  return closedError('The warm pool');
}

/** The first message that it sends after it got ours; undefined if it ends without. */
function answerOf(
  { child, killAll, recorder }: Started,
  { message, more }: Pick<AskRequest, 'message' | 'more'>,
): Promise<{ message: unknown } | undefined> {
  return new Promise((resolve, reject) => {
    let isAsked = false;
    let leaving: NodeJS.Timeout | undefined;
    const settle = (settled: () => void): void => {
      clearTimeout(leaving);
      child.off('message', onMessage);
      (child as EventEmitter).off('internalMessage', onInternal);
      child.off('disconnect', onDisconnect);
      child.off('exit', onExit);
      child.off('error', onError);
      settled();
    };
    const onMessage = (received: unknown): void => {
      if (isAsked) settle(() => resolve({ message: received }));
    };
    // What it had sent before may still have been on its way.
    const onInternal = ({ cmd }: PoolMessage): void => {
      if (cmd === ASKED) isAsked = true;
    };
    const onExit = (): void => settle(() => resolve(undefined));
    const onDisconnect = (): void => {
      leaving ??= setTimeout(killAll, LEAVE_MS);
    };
    const onError = (error: Error): void => {
      // Where the channel was closed, 'disconnect' or 'exit' tells. Else the child has not got the message, and never answers.
      leaving ??= setTimeout(() => {
        recorder.because(error);
        killAll();
      }, LEAVE_MS);
    };
    child.on('error', onError);
    child.on('message', onMessage);
    (child as EventEmitter).on('internalMessage', onInternal);
    child.on('disconnect', onDisconnect);
    child.on('exit', onExit);
    try {
      child.send({ cmd: ASK, more });
      child.send(message);
    } catch (error) {
      // The message can't be serialized.
      settle(() => reject(error as Error));
    }
  });
}
