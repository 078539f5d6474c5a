import type { CageLimitOptions, CpuLimits, StallOption } from '../../../../index';
import { type Options, section, type Values } from '../../command';
import { parseDuration } from '../../text/duration';

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
  const processors: CpuLimits = {
    ...(cpu !== undefined && { max: countOf(cpu) }),
    ...(weight !== undefined && { weight: numberOf(weight) }),
    ...(set !== undefined && { set }),
  };
  return {
    ...(pids !== undefined && { pids: countOf(pids) }),
    ...(Object.keys(processors).length > 0 && { cpu: processors }),
    ...(cpuTime !== undefined && { cpuTimeMs: parseDuration(cpuTime) }),
    ...(stall !== undefined && { stall: stallOf(stall) }),
  };
}

const ONLY_TELLS = ':event';

function stallOf(text: string): StallOption {
  const isTold = text.endsWith(ONLY_TELLS);
  const ms = parseDuration(isTold ? text.slice(0, -ONLY_TELLS.length) : text);
  return { ms, action: isTold ? 'event' : 'kill' };
}

function countOf(text: string): number | 'max' {
  return text === 'max' ? text : numberOf(text);
}

/** NaN if it is not written in digits. */
function numberOf(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
