import type { NativeBinding } from '../../../types/native';

/** Keeps the event loop alive until every holder has released it. */
export interface Refs {
  acquire(): void;
  release(): void;
}

/** Makes a {@link Refs} for this environment's watcher, which starts unref'd. */
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
