import type { Outcome, RunOutput } from '../../../types/outcome';
import { LimitError, StallError } from '../../common/errors/errors';

/** The kernel's signals at the soft limit of a resource: setrlimit(2). Nothing else in the kernel sends them. */
const BY_SIGNAL = {
  SIGXCPU: ['rlimits.cpu', 'RLIMIT_CPU, the processor time of one process'],
  SIGXFSZ: ['rlimits.fsize', 'RLIMIT_FSIZE, the size of a file'],
} as const;

/** The error for a child that was killed since its cage got nowhere; undefined if it was not. */
export function stallErrorOf(file: string, outcome: Outcome & RunOutput): StallError | undefined {
  const { signal, stalled } = outcome;
  if (stalled?.killed !== true || signal !== 'SIGKILL') return undefined;
  const { stalledMs, ms } = stalled;
  return new StallError(
    `${file} was killed: for ${stalledMs} ms its cage had got nowhere because of memory, and stall allows ${ms} ms. Memory ` +
      'was short in the cage, in a cage or container around it, or on the whole machine: give more to whichever has too ' +
      'little, or less to do at a time',
    outcome,
  );
}

/** The error for a child that a limit other than that of memory has ended; undefined if none has. */
export function limitErrorOf(file: string, outcome: Outcome & RunOutput): LimitError | undefined {
  const { signal, limits } = outcome;
  const { cpuTime } = limits;
  // Killed by the meter, or by the kernel's own limit for each process, which is there if nobody reads the meter.
  if (cpuTime?.hit === true && (signal === 'SIGKILL' || signal === 'SIGXCPU')) {
    const used = Math.floor(cpuTime.usedMs);
    const sentence = `${file} was killed: its cage had used ${used} ms of processor time, and the limit is ${cpuTime.limitMs} ms. `;
    return new LimitError(`${sentence}If it needs more, raise cpuTimeMs`, outcome, 'cpuTime');
  }
  if (signal !== 'SIGXCPU' && signal !== 'SIGXFSZ') return undefined;
  const [limit, resource] = BY_SIGNAL[signal];
  return new LimitError(
    `${file} was ended by ${signal}, at its limit ${resource}. If it needs more, raise ${limit}`,
    outcome,
    limit,
  );
}
