import { OwnedFd } from '../../addon/owned-fd';
import type { CgroupDirectory } from './directory';

/**
 * How often v1 has notified something: the OOM of a cgroup, its own or that of one above it, the crossing of a threshold, a
 * level of pressure. It counts once more when the cgroup is removed, a moment after that.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
 */
export class EventCounter {
  readonly #fd: OwnedFd;
  #total = 0;

  /**
   * @param control the file that stands for what is counted
   * @param argument what more the kernel wants to know
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

  /** Since it was made. */
  count(): number {
    this.#total += this.directory.native.eventfdRead({ fd: this.fd });
    return this.#total;
  }

  /** Calling it again is harmless. */
  close(): void {
    this.#fd.close();
  }
}
