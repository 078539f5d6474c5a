import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { NativeBinding } from '../../../../types/native';
import { tell } from '../../../common/event-loop/in-own-thread';
import { FdReserve } from '../fd-reserve';
import type { SamplerData, SamplerReport, SamplerRequest } from '../messages';
import type { DataLimits } from './brakes';
import type { Pidfds } from './killing';
import { ProcTable } from './proc-table';
import { PsTable } from './ps-table';
import { Sampler } from './sampler';

/**
 * Milliseconds that this thread has had a processor, see /proc/PID/schedstat in the kernel's sched-stats. Where there is
 * no such file, the time that has passed, which is never less.
 */
export function threadCostMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

const { addon, platform, pageBytes } = workerData as SamplerData;

type Addon = Pidfds & DataLimits & Pick<NativeBinding, 'hurryThread'>;

function load(path: string | null): Addon | undefined {
  if (path === null) return undefined;
  try {
    return require(path) as Addon;
  } catch {
    // Signals are sent by pid then, and nothing but looks holds a limit.
    return undefined;
  }
}

const isLinux = platform === 'linux';
const native = load(addon);

try {
  native?.hurryThread();
} catch {
  // A filter forbids it. Looks may come later on a busy machine.
}

const sampler = new Sampler({
  table: isLinux ? new ProcTable(pageBytes) : new PsTable(),
  native,
  reserve: new FdReserve(),
  canStop: platform !== 'win32',
  // The programs that list processes work in processes of their own, so there the time counts.
  costMs: isLinux ? threadCostMs : () => performance.now(),
  report: tell<SamplerReport>,
  // Uncaught, it ends this thread, and the other one kills what there is.
  onFailed(error) {
    throw error;
  },
});

parentPort?.on('message', (request: SamplerRequest) => sampler.handle(request));
