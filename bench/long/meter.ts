import { readdirSync, readFileSync } from 'node:fs';
import { cgroupCount, fdCount, heapBytes, threadCount } from '../support/own';
import { Turns } from '../support/turns';
import type { Sample } from './series';

/** Measures this process. Its event loop is watched between `resume` and `pause`. */
export class Meter {
  readonly #turns = new Turns();
  readonly #startMs = performance.now();

  resume(): void {
    this.#turns.resume();
  }

  pause(): void {
    this.#turns.pause();
  }

  sample(starts: number): Sample {
    const heap = heapBytes();
    const memory = process.memoryUsage();
    const { took, used } = this.#turns;
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
      loopP50Ms: took.p50,
      loopP99Ms: took.p99,
      loopP999Ms: took.p999,
      loopMaxMs: took.max,
      usedP99Ms: used.p99,
      usedP999Ms: used.p999,
      usedMaxMs: used.max,
    };
  }
}

/** Children of this process that have not been reaped. */
function childCount(): number {
  return readdirSync('/proc/self/task')
    .map((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'utf8').trim())
    .reduce((sum, pids) => sum + (pids === '' ? 0 : pids.split(' ').length), 0);
}
