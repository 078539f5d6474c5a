import type { CgroupDirectory } from './directory';

/**
 * How often the OOM of a v1 cgroup was notified: its own, or that of one above it. The count also grows when the cgroup is
 * removed. See "OOM control" in the kernel's cgroup-v1/memory document.
 */
export class OomEventfd {
  readonly fd: number;
  #total = 0;

  constructor(private readonly directory: CgroupDirectory) {
    const { native } = directory;
    this.fd = native.eventfdOpen();
    try {
      const control = directory.open('memory.oom_control', 'read');
      try {
        directory.write('cgroup.event_control', `${this.fd} ${control}`);
      } finally {
        // The kernel keeps the registration until the eventfd is closed.
        native.closeFd({ fd: control });
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  count(): number {
    this.#total += this.directory.native.eventfdRead({ fd: this.fd });
    return this.#total;
  }

  close(): void {
    this.directory.native.closeFd({ fd: this.fd });
  }
}
