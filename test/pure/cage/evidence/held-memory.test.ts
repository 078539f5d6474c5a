import { heldOf } from '../../../../lib/cage/evidence/held-memory';

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
});
