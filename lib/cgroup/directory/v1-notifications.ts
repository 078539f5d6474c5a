import { OwnedFd } from '../../common/addon/owned-fd';
import type { CgroupDirectory } from './directory';
import { OpenFile } from './open-file';

/**
 * Counts the notifications of v1 for one thing: the OOM of a cgroup or of one of its ancestors, a threshold that is
 * crossed, or a level of pressure. The kernel counts once more when the cgroup is removed, a moment after that.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
 */
export class EventCounter {
  readonly #fd: OwnedFd;
  #total = 0;

  /**
   * @param control the file that stands for what is counted
   * @param argument more arguments for the kernel
   */
  constructor(
    private readonly directory: CgroupDirectory,
    control: 'memory.oom_control' | 'memory.pressure_level' | 'memory.usage_in_bytes' | 'memory.memsw.usage_in_bytes',
    argument = '',
  ) {
    const { native } = directory;
    this.#fd = new OwnedFd(native, native.eventfdOpen());
    try {
      const controlFd = directory.open(control, 'read');
      try {
        directory.write('cgroup.event_control', `${this.fd} ${controlFd} ${argument}`.trimEnd());
      } finally {
        // The kernel keeps the registration until the eventfd is closed.
        native.closeFd({ fd: controlFd });
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get fd(): number {
    return this.#fd.fd;
  }

  /** Notifications since this was made. */
  count(): number {
    this.#total += this.directory.native.eventfdRead({ fd: this.fd });
    return this.#total;
  }

  /** You can call it more than once. */
  close(): void {
    this.#fd.close();
  }
}

// On v1 the kernel notifies before it counts the kill. In between it writes its report to the log, which takes
// milliseconds, and the victim may have gigabytes to free; or there may be no victim at all. So look often at first,
// then less and less.
const SHORT_WAITS = 32;
const LONGEST_WAIT_MS = 512;

/** How long to wait before look n (from 0); undefined after the last one. */
function waitMs(look: number): number | undefined {
  const wait = 2 ** Math.max(0, look - SHORT_WAITS);
  return wait <= LONGEST_WAIT_MS ? wait : undefined;
}

/** Looks for what v1 notifies before it counts, for about a second. Does not keep the process alive. */
export class PatientLook {
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  /** @param isFound looks, and returns true when there is nothing left to wait for */
  constructor(private readonly isFound: () => boolean) {}

  /** Looks now, and restarts the sequence of waits. */
  start(): void {
    this.#isOn = true;
    this.#look(0);
  }

  stop(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  #look(attempt: number): void {
    if (this.isFound()) {
      this.stop();
      return;
    }
    clearTimeout(this.#timer);
    const wait = waitMs(attempt);
    // The callback may have led someone to stop it.
    if (this.#isOn && wait !== undefined) this.#timer = setTimeout(() => this.#look(attempt + 1), wait).unref();
  }
}

/**
 * Notifications of v1, with a file of the same cgroup that stays open. Without that file, nobody can tell whether the
 * kernel has counted the removal.
 */
export class CountedEvents {
  readonly #counter: EventCounter;
  readonly #file: OpenFile;
  #seen = 0;

  constructor(
    directory: CgroupDirectory,
    control: ConstructorParameters<typeof EventCounter>[1],
    { argument, file }: { argument?: string; file: string },
  ) {
    this.#counter = new EventCounter(directory, control, argument);
    try {
      this.#file = new OpenFile(directory, file);
    } catch (error) {
      this.#counter.close();
      throw error;
    }
  }

  get fd(): number {
    return this.#counter.fd;
  }

  /** The text of the file. Throws ERR_MEMCAGE_NO_CGROUP. */
  text(): string {
    return this.#file.text();
  }

  /**
   * How many notifications there were until now, and the text of the file after that. Throws ERR_MEMCAGE_NO_CGROUP.
   */
  read(): { total: number; text: string } {
    const total = this.#counter.count();
    // The file was readable, so none of them was for the removal.
    const text = this.#file.text();
    this.#seen = total;
    return { total, text };
  }

  /** The final count of a cgroup that is gone. */
  last(isNotified: boolean): number {
    if (!isNotified) return this.#seen;
    return Math.max(this.#seen, this.#counter.count() - 1);
  }

  close(): void {
    this.#counter.close();
    this.#file.close();
  }
}
