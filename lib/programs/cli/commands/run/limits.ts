import { constants } from 'node:os';
import type { NodeHeapOption, Size, StallOption } from '../../../../index';
import { type Options, section } from '../../command';
import { integer, type Kind, numberOrMax, SIZE, text, time } from '../../kinds';
import { MEMORY } from './memory';

const { valued } = section('Processes and time (TIME: 500ms, 5s, 1.5m, 2h, or seconds)');

const NODE_HEAP: Kind<NodeHeapOption> = {
  value: 'HEAP',
  takes: 'a size such as 64M, auto, or off',
  suggest: ['auto', 'off'],
  read(word) {
    if (word === 'off') return false;
    if (word === 'auto') return word;
    try {
      return word === 'max' ? undefined : SIZE.read(word);
    } catch {
      // The library knows how small it may be.
      return word as Size;
    }
  },
};

const ONLY_TELLS = ':event';

const STALL_TIME = time('500ms');

const STALL: Kind<StallOption> = {
  value: 'TIME[:event]',
  takes: `${STALL_TIME.takes}, or one with ${ONLY_TELLS}`,
  suggest: ['10s', '10s:event'],
  read(word) {
    const isTold = word.endsWith(ONLY_TELLS);
    const limitMs = STALL_TIME.read(isTold ? word.slice(0, -ONLY_TELLS.length) : word);
    return limitMs === undefined ? undefined : { limitMs, action: isTold ? 'event' : 'kill' };
  },
};

/** The limit of stalls. */
export const STALLS = {
  stall: valued(STALL, 'how long it may get nowhere because of memory; memcage kills it then, or only tells', {
    sets: 'stall',
    otherwise: 'no limit',
  }),
} as const satisfies Options;

/** Limits of the cage beside the memory of the kernel's. */
export const LIMITS = {
  'node-heap': MEMORY.valued(
    NODE_HEAP,
    "limit of a Node program's JavaScript heap: a size, 'off', or 'auto' for half of --memory, whatever COMMAND is",
    { sets: 'nodeHeap', otherwise: 'auto if COMMAND is called node' },
  ),
  pids: valued(numberOrMax('a number'), 'how many processes and threads may be there at a time; max only counts them', {
    sets: 'pids',
    otherwise: 'no limit',
  }),
  cpu: valued(
    numberOrMax('a number of processors as in 0.5'),
    'how many processors it may use, as in 1.5; max only measures',
    {
      sets: 'cpu.max',
      otherwise: 'no limit',
    },
  ),
  'cpu-weight': valued(integer(1, 10_000), '1 to 10000: its part where processors are short', {
    sets: 'cpu.weight',
    otherwise: '100',
  }),
  'cpu-set': valued(
    text('LIST', 'a list of processors as in 0-2,4'),
    'the processors on which it may run, as in 0-2,4',
    {
      sets: 'cpu.set',
      otherwise: 'all that memcage may use',
    },
  ),
  'cpu-time': valued(time('1ms'), 'processor time of all its processes together; memcage kills them then', {
    sets: 'cpuTimeMs',
    otherwise: 'no limit',
  }),
} as const satisfies Options;

const SIGNAL: Kind<NodeJS.Signals> = {
  value: 'SIGNAL',
  takes: 'the name of a signal, as in SIGINT',
  suggest: ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGKILL'],
  read: (word) => (Object.hasOwn(constants.signals, word) ? (word as NodeJS.Signals) : undefined),
  meant(word) {
    const name = `SIG${word.toUpperCase().replace(/^SIG/, '')}`;
    return Object.entries(constants.signals).find(([each, number]) => each === name || String(number) === word)?.[0];
  },
};

const RUN_TIME = time('1ms', '596h');

const RUN_TIME_OR_MAX: Kind<number> = {
  ...RUN_TIME,
  takes: `${RUN_TIME.takes}, or max`,
  suggest: ['max'],
  read: (word) => (word === 'max' ? 0 : RUN_TIME.read(word)),
};

/** What ends COMMAND after a time. */
export const TIMEOUT = {
  timeout: valued(RUN_TIME_OR_MAX, 'how long it may run, or max; memcage sends it --kill-signal then', {
    sets: 'timeout',
    otherwise: 'no limit; 1m with --untrusted',
  }),
  'kill-signal': valued(SIGNAL, 'the signal of --timeout', {
    sets: 'killSignal',
    otherwise: 'SIGTERM; SIGKILL for a pid 1 and with --untrusted',
  }),
} as const satisfies Options;
