import type { AskOptions, TakeOptions } from '../../cage/contract/warm-pool';
import { invalidArgument } from '../../common/errors/errors';
import { checkTimeout } from '../../common/options/checks';
import { checkOptions } from '../../common/options/option-names';

export interface ReadTakeOptions {
  signal: AbortSignal | undefined;
}

export interface ReadAskOptions extends ReadTakeOptions {
  timeout: number | undefined;
}

export function readTakeOptions(options: TakeOptions): ReadTakeOptions {
  const { signal } = checkOptions(options, { of: 'pool.take', known: ['signal'] });
  return { signal: readSignal(signal) };
}

export function readAskOptions(message: unknown, options: AskOptions): ReadAskOptions {
  const { signal, timeout } = checkOptions(options, { of: 'pool.run', known: ['signal', 'timeout'] });
  if (message === undefined || typeof message === 'function' || typeof message === 'symbol') {
    throw invalidArgument('message', 'what the channel can send', message);
  }
  checkTimeout(timeout);
  return { signal: readSignal(signal), timeout };
}

/** Like Node, takes those of other realms too. */
function readSignal(signal: unknown): AbortSignal | undefined {
  const isSignal = typeof signal === 'object' && signal !== null && 'aborted' in signal;
  if (signal !== undefined && !isSignal) throw invalidArgument('signal', 'an AbortSignal', signal);
  return signal as AbortSignal | undefined;
}
