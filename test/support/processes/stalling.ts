import type { MemoryOption } from 'memcage';
import { version } from '../cgroups/cgroup-tree';

/**
 * Limits at which {@link GREEDY} gets nowhere, and nothing kills it: v1 lets it wait for memory. v2 slows it down above
 * `high`, more and more.
 */
export const NARROW: MemoryOption = version === 1 ? { max: '16M', oomKill: false } : { high: '12M', max: '300M' };

/** Limits with which what has got nowhere with {@link NARROW} gets on. */
export const WIDE: MemoryOption = version === 1 ? { max: '300M' } : { high: 'max', max: '300M' };

/** A program that wants more and more memory. */
export const GREEDY = ['tail', ['/dev/zero']] as const;
