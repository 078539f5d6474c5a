import type { CageLimitOptions, CpuLimits, StallOption } from '../../../../index';
import { type Options, section, type Values } from '../../command';
import { parseDuration } from '../../text/duration';
import { given } from '../../usage';

const { valued } = section('Processes and processor');

/** Limits of the cage beside memory. */
export const LIMITS = {
  pids: valued('N', 'how many processes and threads may be there at a time; max only counts them', {
    suggest: ['max'],
  }),
  cpu: valued('N', 'how many processors it may use, as in 1.5; max only measures'),
  'cpu-weight': valued('N', '1 to 10000: its part where processors are short (default 100)'),
  'cpu-set': valued('LIST', 'the processors on which it may run, as in 0-2,4'),
  'cpu-time': valued(
    'TIME',
    'processor time of all its processes together; memcage kills them then: 5s, 500ms, 2m, 1h, or seconds',
  ),
  stall: valued(
    'TIME[:event]',
    'how long it may get nowhere because of memory; memcage kills it then, or only tells with :event; 500ms or more',
    { suggest: ['10s', '10s:event'] },
  ),
} as const satisfies Options;

/** The limits as the library takes them. What is wrong becomes NaN, which the library refuses. */
export function limitsOf(values: Values<typeof LIMITS>): CageLimitOptions {
  const { pids, cpu, 'cpu-weight': weight, 'cpu-set': set, 'cpu-time': cpuTime, stall } = values;
  const processors: CpuLimits = given({ max: countOf(cpu), weight: numberOf(weight), set });
  return given({
    pids: countOf(pids),
    cpu: Object.keys(processors).length === 0 ? undefined : processors,
    cpuTimeMs: cpuTime === undefined ? undefined : parseDuration(cpuTime),
    stall: stall === undefined ? undefined : stallOf(stall),
  });
}

const ONLY_TELLS = ':event';

function stallOf(text: string): StallOption {
  const isTold = text.endsWith(ONLY_TELLS);
  const ms = parseDuration(isTold ? text.slice(0, -ONLY_TELLS.length) : text);
  return { limitMs: ms, action: isTold ? 'event' : 'kill' };
}

function countOf(text: string | undefined): number | 'max' | undefined {
  return text === 'max' ? text : numberOf(text);
}

/** NaN if it is not written in digits. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
