import { OwnedFd } from '../../common/addon/owned-fd';
import type { CgroupDirectory } from './directory';

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
