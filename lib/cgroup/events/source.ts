import type { CgroupDirectory } from '../directory/directory';
import type { CgroupEventName, CgroupEvents } from './types';

type Emit = <N extends CgroupEventName>(name: N, ...args: CgroupEvents[N]) => void;

/** What a source works on. */
export interface SourceContext {
  directory: CgroupDirectory;
  emit: Emit;
}

/** A kernel fd that says when to look, and what to read then. */
export interface EventSource {
  readonly fd: number;
  /** `event`: an eventfd (v1). `priority`: an interface file that changes. */
  readonly kind: 'event' | 'priority';
  /**
   * Emits what has happened. Throws ERR_MEMCAGE_CGROUP_GONE if the cgroup was removed; {@link conclude} then emits
   * the rest.
   *
   * @param timeMs when the kernel reported it
   * @param isTold false if the kernel has reported nothing, or not yet
   */
  look(timeMs: number, isTold: boolean): void;
  /**
   * The cgroup is gone: emits what that means, and what was not read before.
   *
   * @param isNotified v1: whether the kernel has counted the removal by now
   */
  conclude(timeMs: number, isNotified: boolean): void;
  close(): void;
  /** For one whose end the kernel waits for: closes it on another thread. */
  closeElsewhere?(): Promise<void>;
}

/** A source of several event names. */
export interface NamedSource<N extends CgroupEventName> extends EventSource {
  /** Someone begins to listen. */
  begin(name: N): void;
  end(name: N): void;
}
