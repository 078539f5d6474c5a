import type { Beneath, Ending } from '../../../types/native';
import type { Counter } from '../../cgroup/controllers/limits-report';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { OomMonitor } from '../oom/monitor';

interface Cleaned {
  /** The directories to remove, in this order. The last is the memory cgroup. */
  directories: readonly CgroupDirectory[];
  monitor: OomMonitor;
  /** The files to read before that. */
  reads: readonly Counter[];
}

/**
 * The clean-up that the watcher's thread does when the only child of a cgroup has exited by itself: it checks that
 * there was no kill, reads the report's files, and removes the cgroup. Most children end like this, and it costs the
 * event loop nothing.
 */
export class ExitCleanUp {
  #plan: Ending | undefined;
  #reads: readonly Counter[] = [];
  #isForbidden = false;
  #takeBack: (() => void) | undefined;

  constructor(private readonly cleaned: () => Cleaned) {}

  /** Makes the plan now, so that {@link plan} is faster later. */
  prepare(): void {
    this.#plan ??= this.#makePlan();
  }

  /** The files whose texts the watcher delivers. */
  get reads(): readonly Counter[] {
    return this.#reads;
  }

  /** The plan for the watcher; undefined if the clean-up is forbidden. */
  get plan(): Ending | undefined {
    if (this.#isForbidden) return undefined;
    this.prepare();
    return this.#plan;
  }

  /** The watcher has the plan. @param takeBack has it leave the clean-up to the event loop, unless it has begun */
  handOver(takeBack: () => void): void {
    this.#takeBack = takeBack;
    this.#plan = undefined;
  }

  /** The cgroup is gone. What a caller keeps of a cage must not keep the child's start. */
  conclude(): void {
    this.#takeBack = undefined;
  }

  /** Forbids the clean-up: someone wants to look at the cgroup before it is removed. */
  forbid(): void {
    this.#isForbidden = true;
    this.#takeBack?.();
  }

  #makePlan(): Ending {
    const { directories, monitor, reads } = this.cleaned();
    const { file, expected, eventFd, isStamped } = monitor.quiet;
    const memory = directories.at(-1) as CgroupDirectory;
    this.#reads = reads;
    return {
      quietFile: typeof file === 'number' ? { dirFd: file, path: '' } : beneath(memory, file),
      quietFd: eventFd,
      expected,
      stamped: isStamped ? [beneath(memory, '')] : [],
      reads: reads.map(({ directory, file: name }) => {
        const fd = directory.stayingFd(name, 'read');
        return fd === undefined ? beneath(directory, name) : { dirFd: fd, path: '' };
      }),
      removes: directories.map((directory) => beneath(directory, '')),
    };
  }
}

function beneath(directory: CgroupDirectory, name: string): Beneath {
  return { dirFd: directory.anchor, path: directory.beneath(name) };
}
