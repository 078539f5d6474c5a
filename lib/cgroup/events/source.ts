import type { CgroupDirectory } from '../directory/directory';
import type { CgroupEventName, CgroupEvents } from './types';

type Emit = <N extends CgroupEventName>(name: N, ...args: CgroupEvents[N]) => void;

/** What a source works on. */
export interface SourceContext {
  directory: CgroupDirectory;
  emit: Emit;
}

/** An fd of the kernel's that tells when to look, and what is read then. */
export interface EventSource {
  readonly fd: number;
  /** `event`: an eventfd (v1). `priority`: an interface file that changes. */
  readonly kind: 'event' | 'priority';
  /**
   * Emit what has happened. Throws ERR_MEMCAGE_CGROUP_GONE when the cgroup was removed; {@link conclude} then has the rest.
   *
   * @param timeMs when the kernel told of it
   * @param isTold false: it has told of nothing, or not yet
   */
  look(timeMs: number, isTold: boolean): void;
  /**
   * The cgroup is gone: emit what that means, and what was not looked at before.
   *
   * @param isNotified v1: the kernel has counted the removal by now
   */
  conclude(timeMs: number, isNotified: boolean): void;
  close(): void;
}

/** One that serves several names. */
export interface NamedSource<N extends CgroupEventName> extends EventSource {
  /** Someone listens to that from now on. */
  begin(name: N): void;
  end(name: N): void;
}
