import type { Worker } from 'bullmq';

/**
 * How many jobs a worker may have at a time, from 0 on. BullMQ's own `concurrency` is at least 1: for none, the worker is
 * paused. What its owner does with `concurrency`, `pause()` and `resume()` holds besides that.
 */
export class Throttle {
  readonly #pause: Worker['pause'];
  readonly #resume: Worker['resume'];
  #isPaused = false;
  #isPausedByOwner: boolean;
  #most: number;

  /** @param changed the owner has changed the most */
  constructor(
    private readonly worker: Worker,
    changed: () => void,
  ) {
    this.#most = worker.concurrency;
    Object.defineProperty(worker, 'concurrency', {
      configurable: true,
      enumerable: true,
      get: () => this.#most,
      set: (jobs: number) => {
        const now = this.#concurrency;
        // Throws for what is none, as without this.
        this.#concurrency = jobs;
        this.#concurrency = now;
        this.#most = jobs;
        changed();
      },
    });
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

  /** The owner's `concurrency`. */
  get most(): number {
    return this.#most;
  }

  /** BullMQ's own: that of the worker is its owner's. */
  get #concurrency(): number {
    return Reflect.get(Object.getPrototypeOf(this.worker) as Worker, 'concurrency', this.worker);
  }

  set #concurrency(jobs: number) {
    Reflect.set(Object.getPrototypeOf(this.worker) as Worker, 'concurrency', jobs, this.worker);
  }

  /** @param wake whether the loop of the worker may wait for a job to end, with nothing that ends */
  set(jobs: number, { wake }: { wake: boolean }): void {
    if (jobs === 0) {
      this.#stop();
      return;
    }
    const isMore = jobs > this.#concurrency;
    this.#concurrency = jobs;
    if (this.#isPaused || (isMore && wake)) this.#go();
  }

  /** Whether the worker fetches nothing with so many jobs: another throttle may have let it. */
  holds(jobs: number): boolean {
    return this.worker.isPaused() || (jobs > 0 && this.#concurrency <= jobs);
  }

  #stop(): void {
    const { worker } = this;
    if (this.#isPaused) return;
    if (!(worker.isRunning() || worker.isPaused())) {
      // The worker is started by its owner, who waits for the end of run(): a pause would be one.
      this.#concurrency = 1;
      return;
    }
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
