import { watcher } from '../../common/addon/watcher';
import type { CgroupDirectory } from '../directory/directory';
import { unlessGone } from '../directory/refusal';
import type { ThresholdEvent } from './cgroup-events';
import { RetriedLook } from './retried-look';
import { openTrigger } from './trigger-sources';

/** v1: the kernel tells each time the use of a cgroup goes above a size, or below it again. */
export class UsageAlarm {
  readonly #source: ReturnType<typeof openTrigger>;
  readonly #unwatch: () => void;
  readonly #told = new RetriedLook((timeMs) => this.look(timeMs));
  #isClosed = false;

  constructor(
    directory: CgroupDirectory,
    readonly bytes: number,
    onCrossed: (event: ThresholdEvent) => void,
  ) {
    this.#source = openTrigger(
      { directory, emit: (_name, ...[event]) => onCrossed(event as ThresholdEvent) },
      { threshold: bytes },
      { kind: 'usage', bytes, of: 'memory' },
    );
    try {
      this.#unwatch = watcher().event(this.#source.fd, this.#source.kind, (timeMs) => this.#told.begin(timeMs, true));
    } catch (error) {
      this.#source.close();
      throw error;
    }
  }

  /** Tells what has not been told yet. The kernel's word that the cgroup is gone is no such thing. */
  look(timeMs: number): void {
    if (!this.#isClosed) unlessGone(() => this.#source.look(timeMs, true));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#told.end();
    this.#unwatch();
    this.#source.close();
  }
}
