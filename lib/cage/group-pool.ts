import type { ResolvedLimits } from '../cgroup/limits';
import { isNativeError } from '../cgroup/refusal';
import { MemcageError } from '../errors';
import { Group } from './group';
import type { Owner } from './owner';

/** What kind of group: two of the same can stand in for each other. */
interface GroupKind {
  limits: ResolvedLimits;
  guarded: boolean;
}

/**
 * Makes the groups of private cages. A program that starts one child after the other with the same limits finds the next
 * group already made, while the child before runs: that is a third of what a cage costs, and more when the kernel is still
 * busy with a cgroup that was just removed.
 */
export class GroupPool {
  #lastKind: string | undefined;
  #ready: { kind: string; group: Group } | undefined;
  #scheduled = false;
  #closed = false;

  constructor(private readonly owner: Owner) {}

  take(kind: GroupKind): Group {
    const name = JSON.stringify(kind, infinityAsText);
    const repeated = name === this.#lastKind;
    this.#lastKind = name;
    const ready = this.#take(name);
    if (repeated) this.#schedule(name, kind);
    return ready ?? this.#make(kind);
  }

  /** The owner is gone, and its fds with it. */
  close(): void {
    this.#closed = true;
    this.#ready?.group.tryRemove();
    this.#ready = undefined;
  }

  #make({ limits, guarded }: GroupKind): Group {
    const group = Group.create(this.owner, limits, { guarded });
    try {
      group.openEntry();
      return group;
    } catch (error) {
      group.tryRemove();
      throw error;
    }
  }

  #take(kind: string): Group | undefined {
    const ready = this.#ready;
    if (ready === undefined) return undefined;
    this.#ready = undefined;
    try {
      if (ready.kind === kind && ready.group.begin()) return ready.group;
    } catch {
      // No fd is free to look at it with.
    }
    // Another kind is wanted now, or someone else has removed what was empty.
    setImmediate(() => {
      try {
        ready.group.tryRemove();
      } catch {
        // The owner's end removes it.
      }
    });
    return undefined;
  }

  #schedule(name: string, kind: GroupKind): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#ready !== undefined || this.#closed) return;
      try {
        this.#ready = { kind: name, group: this.#make(kind) };
      } catch (error) {
        // The next cage will have the same trouble, and report it.
        if (!(error instanceof MemcageError) && !isNativeError(error)) throw error;
      }
    }).unref();
  }
}

/** JSON would make null of an unlimited size. */
function infinityAsText(_: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? 'max' : value;
}
