import type { Worker } from 'bullmq';

/**
 * How many jobs a worker may have at a time, from 0 on. BullMQ's own `concurrency` is at least 1: for none, the worker is
 * paused. What its owner does with `pause()` and `resume()` holds besides that.
 */
export class Throttle {
  readonly #pause: Worker['pause'];
  readonly #resume: Worker['resume'];
  #isPaused = false;
  #isPausedByOwner: boolean;

  constructor(private readonly worker: Worker) {
    this.#pause = worker.pause.bind(worker);
    this.#resume = worker.resume.bind(worker);
    this.#isPausedByOwner = worker.isPaused();
    worker.pause = (doNotWaitActive) => {
      this.#isPausedByOwner = true;
      return this.#pause(doNotWaitActive);
    };
    worker.resume = () => {
      this.#isPausedByOwner = false;
      return this.#isPaused ? Promise.resolve() : this.#resume();
    };
  }

  /** @param wake whether the loop of the worker may wait for a job to end, with nothing that ends */
  set(jobs: number, { wake }: { wake: boolean }): void {
    if (jobs === 0) {
      this.#stop();
      return;
    }
    const { worker } = this;
    const isMore = jobs > worker.concurrency;
    worker.concurrency = jobs;
    if (this.#isPaused || (isMore && wake)) this.#go();
  }

  #stop(): void {
    const { worker } = this;
    // One that has not been started yet is started by its owner.
    if (this.#isPaused || !(worker.isRunning() || worker.isPaused())) return;
    this.#isPaused = true;
    this.#report(this.#pause(true));
  }

  /** The loop of the worker looks at its concurrency when a job ends, or when it is resumed. */
  #go(): void {
    const wasPaused = this.#isPaused;
    this.#isPaused = false;
    if (this.#isPausedByOwner || !(wasPaused || this.worker.isRunning())) return;
    if (!wasPaused) this.#report(this.#pause(true));
    this.#report(this.#resume());
  }

  #report(done: Promise<void>): void {
    done.catch((error: Error) => this.worker.emit('error', error));
  }
}
