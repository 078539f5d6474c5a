import type { ChildProcess } from 'node:child_process';
import { invalidArgument } from '../../common/errors/argument-errors';
import { checkTimeout } from '../../common/options/checks';
import type { ProcessHandle } from '../handle';
import type { NodeCall } from '../node-call';
import { OwnChild, signalNumber } from './own-child';
import type { PipeContext } from './pipe-stream';
import { type OwnOptions, ownOptions, ownRequest } from './spawn-request';
import { type PipeEnd, stdioEntries } from './stdio-option';

/**
 * Does what Node's `spawn` does, with a ChildProcess of our own.
 *
 * @param makeHandle called when all options are checked
 */
export function spawnOwn(call: NodeCall, makeHandle: () => ProcessHandle, context: PipeContext): ChildProcess {
  const request = ownRequest(call);
  const options = ownOptions(call.options);
  const early = earlyEnd(options);
  const stdio = stdioEntries(options['stdio'], () => pipeEnd(context));
  const child = new OwnChild(makeHandle(), { ...request, stdio }, context);
  early(child);
  return child as unknown as ChildProcess;
}

function pipeEnd({ native }: PipeContext): PipeEnd {
  return {
    fd: -1,
    isOurs: true,
    open(fd) {
      this.fd = fd;
    },
    close() {
      if (this.fd >= 0) native.closeFd({ fd: this.fd });
      this.fd = -1;
    },
  };
}

/** Checks the options `timeout`, `signal` and `killSignal`. Returns what carries them out. */
function earlyEnd({ timeout, signal, killSignal }: OwnOptions): (child: OwnChild) => void {
  checkTimeout(timeout);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidArgument('signal', 'an AbortSignal', signal);
  const number = signalNumber(killSignal);
  return (child) => {
    if (timeout !== undefined && timeout > 0) {
      const timer = setTimeout(() => kill(child, number), timeout);
      child.once('exit', () => clearTimeout(timer));
    }
    if (signal === undefined) return;
    const abort = (): void => {
      if (!kill(child, number)) return;
      const error = new Error('The operation was aborted', { cause: signal.reason });
      child.emit('error', Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' }));
    };
    if (signal.aborted) process.nextTick(abort);
    else {
      signal.addEventListener('abort', abort, { once: true });
      child.once('exit', () => signal.removeEventListener('abort', abort));
    }
  };
}

function kill(child: OwnChild, signal: number | undefined): boolean {
  try {
    return child.kill(signal);
  } catch (error) {
    child.emit('error', error);
    return false;
  }
}
