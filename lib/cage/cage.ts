import { EventEmitter } from 'node:events';
import { Cgroup } from '../cgroup/cgroup';
import { retry, retrySync } from '../cgroup/remove';
import { ErrorCode, MemcageError } from '../errors';
import { emitApart } from './emit';
import type { Group } from './group';
import { type OomEvent, OomReporter } from './oom-reporter';
import { closeAtExit, forget } from './open-cages';

const PATIENCE_MS = 10_000;
const EXIT_PATIENCE_MS = 2000;

export interface CageEvents {
  /** The kernel has killed a process of the cage for memory; emitted when it happens. */
  oom: [event: OomEvent];
  /** Nothing of the cage is left. */
  close: [];
}

export interface CageLife {
  /** Left alone at the end of this process. */
  outlivesOwner: boolean;
}

/** A cgroup of ours with a limit and a lifetime. An open one doesn't keep the event loop alive, and ends with the process. */
export class Cage extends EventEmitter<CageEvents> {
  /** Limits, use, statistics and members. Gone once the cage is closed. */
  readonly cgroup: Cgroup;
  /** @internal */
  readonly group: Group;
  /** @internal */
  readonly reporter: OomReporter;
  #members = 0;
  #closing: Promise<void> | undefined;
  #closed = false;

  /** @internal */
  constructor(group: Group, { outlivesOwner }: CageLife) {
    super();
    this.group = group;
    this.cgroup = new Cgroup(group.memory, group.version, { guard: group.guard });
    this.reporter = new OomReporter(group, (event) => emitApart(this, 'oom', event));
    try {
      this.reporter.watch(group);
    } catch (error) {
      group.tryRemove();
      throw error;
    }
    if (!outlivesOwner) closeAtExit(this);
  }

  /** Whether it is closed, or about to be. */
  get closing(): boolean {
    return this.#closed || this.#closing !== undefined;
  }

  /** SIGKILL for every process in the cage. Resolves when none is left; the cage stays open. */
  async kill(): Promise<void> {
    if (!this.#closed) await this.cgroup.kill();
  }

  /** Kill every process in the cage and remove it. Resolves when nothing is left; calling it again is harmless. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * @internal A child was given a place in it. Until the returned function is called its end has not been read, and the
   * cgroups that have it in their counts are not to be removed by {@link close}.
   */
  addMember(): () => void {
    this.#members += 1;
    let left = false;
    return () => {
      if (!left) this.#members -= 1;
      left = true;
    };
  }

  /** @internal The last attempt at the end of the process, or for a child that never was; blocking. */
  closeNow(): void {
    if (this.#closed) return;
    retrySync(() => this.#killAndRemove(), EXIT_PATIENCE_MS);
  }

  /** @internal Remove it if it is empty. False while processes are in it. */
  tryRemove(): boolean {
    if (this.#closed) return true;
    if (!this.group.tryRemove()) return false;
    this.#closed = true;
    this.reporter.stop();
    this.cgroup.close();
    forget(this);
    emitApart(this, 'close');
    return true;
  }

  async #close(): Promise<void> {
    if (await retry(() => this.#endMembers() && this.#killAndRemove(), PATIENCE_MS)) return;
    this.#closing = undefined;
    throw new MemcageError(ErrorCode.BUSY, `${this.cgroup.path} could not be emptied within ${PATIENCE_MS} ms`, {
      path: this.cgroup.path,
    });
  }

  /** True when all children have ended, and what the kernel had to say about them is recorded. */
  #endMembers(): boolean {
    if (this.#members === 0 || this.#closed) return true;
    this.group.kill();
    return false;
  }

  #killAndRemove(): boolean {
    if (this.tryRemove()) return true;
    this.group.kill();
    return false;
  }
}
