/// <reference types="node" preserve="true" />
/**
 * The system calls beneath memcage. Each function does what it is told, without defaults and without policy.
 *
 * Experimental: see docs/reference/stability.md.
 *
 * @module memcage/native
 */
import type { NativeBinding } from '../types/native';
import { loadNative } from './common/addon/load-native';
import { withCheckedOptions } from './common/options/native-options';

export type * from '../types/native';

/**
 * The raw bindings. Importing never fails; using one throws ERR_MEMCAGE_UNSUPPORTED where there is no addon.
 *
 * @experimental
 */
export const native: NativeBinding = new Proxy({} as NativeBinding, {
  get: (_, key): unknown => withCheckedOptions(key, Reflect.get(loadNative(), key)),
  has: (_, key) => Reflect.has(loadNative(), key),
  ownKeys: () => Reflect.ownKeys(loadNative()),
  getOwnPropertyDescriptor: (_, key) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(loadNative(), key);
    // A proxy may not report a property as fixed that its (empty) target doesn't have.
    return descriptor && { ...descriptor, value: withCheckedOptions(key, descriptor.value), configurable: true };
  },
});
