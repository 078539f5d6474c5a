import { readdirSync, readFileSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { cgroupCount, fdCount, heapBytes, threadCount } from '../support/own';
import type { Sample } from './series';

const RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;

/** Measures this process. Its event loop is watched between `resume` and `pause`. */
export class Meter {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #startMs = performance.now();

  resume(): void {
    this.#delay.reset();
    this.#delay.enable();
  }

  pause(): void {
    this.#delay.disable();
  }

  sample(starts: number): Sample {
    const heap = heapBytes();
    const memory = process.memoryUsage();
    const ms = (percentile: number): number => this.#delay.percentile(percentile) / NS_PER_MS;
    return {
      starts,
      seconds: (performance.now() - this.#startMs) / 1000,
      fds: fdCount(),
      threads: threadCount(),
      cgroups: cgroupCount(),
      mounts: readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length,
      processes: childCount(),
      heapBytes: heap,
      externalBytes: memory.external,
      residentBytes: memory.rss,
      loopP50Ms: ms(50),
      loopP99Ms: ms(99),
      loopP999Ms: ms(99.9),
      loopMaxMs: this.#delay.max / NS_PER_MS,
    };
  }
}

/** Children of this process that have not been reaped. */
function childCount(): number {
  return readdirSync('/proc/self/task')
    .map((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'utf8').trim())
    .reduce((sum, pids) => sum + (pids === '' ? 0 : pids.split(' ').length), 0);
}
