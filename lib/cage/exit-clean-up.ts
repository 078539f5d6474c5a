import type { Ending } from '../../types/native';
import type { CgroupDirectory } from '../cgroup/directory/directory';
import type { OomMonitor } from '../oom/monitor';

interface Cleaned {
  /** What is removed, in this order; the last is the memory cgroup. */
  directories: readonly CgroupDirectory[];
  monitor: OomMonitor;
  /** The files that are read before that. */
  reads: readonly string[];
}

/**
 * What the watcher's thread does at once when the only child of a cgroup has exited by itself: it looks whether there was a
 * kill, reads the report's files, and removes the cgroup. That is the common end, and spares the event loop all of it.
 */
export class ExitCleanUp {
  #plan: Ending | undefined;
  #isForbidden = false;
  #takeBack: (() => void) | undefined;

  constructor(private readonly cleaned: () => Cleaned) {}

  /** Make the plan now, to be had faster later. */
  prepare(): void {
    this.#plan ??= this.#makePlan();
  }

  /** For the watcher; undefined: it is not to be done. */
  get plan(): Ending | undefined {
    if (this.#isForbidden) return undefined;
    this.prepare();
    return this.#plan;
  }

  /** The watcher has the plan. @param takeBack makes it leave the end to the event loop, if it is not at it already */
  handOver(takeBack: () => void): void {
    this.#takeBack = takeBack;
  }

  /** Someone is to look at the cgroup before it is removed. */
  forbid(): void {
    this.#isForbidden = true;
    this.#takeBack?.();
  }

  #makePlan(): Ending {
    const { directories, monitor, reads } = this.cleaned();
    const { file, expected, eventFd, isStamped } = monitor.quiet;
    const memory = directories.at(-1) as CgroupDirectory;
    const within = (name: string): string => `${memory.relative}/${name}`;
    return {
      dirFd: memory.anchor,
      quietFd: eventFd,
      file: within(file),
      expected,
      stamped: isStamped ? memory.relative : '',
      reads: reads.map(within),
      removes: directories.map(({ anchor, relative }) => ({ dirFd: anchor, path: relative })),
    };
  }
}
