import type { NativeBinding } from '../../types/native';

/** Keeps the event loop alive while at least one holder has not released. */
export interface Refs {
  acquire(): void;
  release(): void;
}

/** A {@link Refs} on the one watcher of this environment, which is unref'd at first. */
export function createRefs(binding: Pick<NativeBinding, 'setWatcherRef'>): Refs {
  let holders = 0;
  return {
    acquire() {
      holders += 1;
      if (holders === 1) binding.setWatcherRef({ ref: true });
    },
    release() {
      holders -= 1;
      if (holders === 0) binding.setWatcherRef({ ref: false });
    },
  };
}
