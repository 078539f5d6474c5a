import { heldOf, readHeldStopped } from '../../../../lib/cage/evidence/held-memory';
import { cgroupsInMemory } from '../../../support/cgroups/cgroups-in-memory';

describe('what a cage holds', () => {
  test('on v2 is what neither page cache nor a slab that can be dropped is', () => {
    const stat = { anon: 50, file: 40, shmem: 10, slab_reclaimable: 5 };
    const { heldBytes, kinds } = heldOf(stat, { usageBytes: 110, swap: 7, version: 2 });
    expect(kinds).toEqual({ programs: 50, shared: 10, pageCache: 30, kernel: 20, swap: 7 });
    expect(heldBytes).toBe(50 + 10 + 20 - 5 + 7);
  });

  test('on v1 has all of the memory of the kernel', () => {
    const stat = { total_rss: 50, total_cache: 40, total_shmem: 10 };
    expect(heldOf(stat, { usageBytes: 110, swap: 0, version: 1 }).heldBytes).toBe(80);
  });

  test('is what cgroups below a stopped cage have, where its own figures are behind', () => {
    const { directory } = cgroupsInMemory({
      c: { 'memory.stat': 'anon 10\nfile 30\nshmem 5\n' },
      'c/leaf-1': { 'memory.stat': 'anon 40\nfile 9\nshmem 7\n' },
      'c/leaf-2': { 'memory.stat': 'anon 20\nfile 3\nshmem 1\n' },
      // It has no controller of memory.
      'c/leaf-3': {},
    });
    const { kinds, heldBytes } = readHeldStopped(directory('c'), 2, 110);
    expect(kinds).toEqual({ programs: 60, shared: 8, pageCache: 25, kernel: 17, swap: 0 });
    expect(heldBytes).toBe(60 + 8 + 17);
  });
});
