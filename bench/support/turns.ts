import { closeSync, openSync, readSync } from 'node:fs';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

const EVERY_MS = 1;
const NS_PER_MS = 1e6;

/** Milliseconds of turns of an event loop. */
export interface TurnFigures {
  p50: number;
  p99: number;
  p999: number;
  max: number;
}

/**
 * How long the turns of this thread's event loop take; and how much processor time each takes of it (proc_pid_schedstat(5)). On a
 * busy machine the former says how long others had the processor: this thread's, or that of a child which it has to
 * wait for until it has called exec.
 */
export class Turns {
  readonly #took: RecordableHistogram = createHistogram();
  readonly #used: RecordableHistogram = createHistogram();
  readonly #fd = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  readonly #buffer = Buffer.alloc(100);
  #timer: NodeJS.Timeout | undefined;
  #atNs = 0n;
  #usedNs = 0n;

  resume(): void {
    this.#took.reset();
    this.#used.reset();
    this.#atNs = process.hrtime.bigint();
    this.#usedNs = this.#processorTime();
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  pause(): void {
    clearInterval(this.#timer);
  }

  get took(): TurnFigures {
    return figuresOf(this.#took);
  }

  get used(): TurnFigures {
    return figuresOf(this.#used);
  }

  close(): void {
    this.pause();
    closeSync(this.#fd);
  }

  #look(): void {
    const atNs = process.hrtime.bigint();
    const usedNs = this.#processorTime();
    record(this.#took, atNs - this.#atNs - BigInt(EVERY_MS * NS_PER_MS));
    record(this.#used, usedNs - this.#usedNs);
    this.#atNs = atNs;
    this.#usedNs = usedNs;
  }

  #processorTime(): bigint {
    const length = readSync(this.#fd, this.#buffer, 0, this.#buffer.length, 0);
    return BigInt(this.#buffer.toString('latin1', 0, length).split(' ')[0] ?? 0);
  }
}

function record(histogram: RecordableHistogram, ns: bigint): void {
  histogram.record(ns > 0n ? ns : 1n);
}

function figuresOf(histogram: RecordableHistogram): TurnFigures {
  const at = (percent: number): number => histogram.percentile(percent) / NS_PER_MS;
  return { p50: at(50), p99: at(99), p999: at(99.9), max: histogram.max / NS_PER_MS };
}
