import type { HeldFile, HeldSample, ProcessShare } from '../../../lib/cage/evidence/messages';
import { type EvidenceReport, reportOf, type TakenEvidence } from '../../../lib/cage/evidence/report';

export const MIB = 1024 ** 2;

const NO_KINDS = { programs: 0, pageCache: 0, shared: 0, kernel: 0, swap: 0 };

export function share(pid: number, ppid: number, mebibytes: number, more: Partial<ProcessShare> = {}): ProcessShare {
  const heldBytes = mebibytes * MIB;
  return {
    ...{ pid, ppid, name: 'node', command: `node worker.js ${pid}`, threads: 7, heldBytes, rssBytes: heldBytes },
    swapBytes: 0,
    kinds: { heap: 0, anonymous: heldBytes, stack: 0, shared: 0, files: 0 },
    mappings: [{ name: '[anonymous]', kind: 'anonymous', heldBytes, rssBytes: heldBytes, swapBytes: 0 }],
    ...more,
  };
}

export const heldFile = (path: string, mebibytes: number, more: Partial<HeldFile> = {}): HeldFile => ({
  ...{ path, bytes: mebibytes * MIB, deleted: false, pid: 7, visibleOutside: false },
  ...more,
});

/** A report on a cage with a limit of 100 MiB. @param mebibytes what it held, by kind */
export function reportWith(
  mebibytes: Partial<typeof NO_KINDS>,
  { processes = [], files = [], unread = [], ...more }: Partial<TakenEvidence['reading']> & Partial<TakenEvidence> = {},
): EvidenceReport {
  const kinds = { ...NO_KINDS };
  for (const [kind, amount] of Object.entries(mebibytes)) kinds[kind as keyof typeof kinds] = amount * MIB;
  const heldBytes = kinds.programs + kinds.shared + kinds.kernel + kinds.swap;
  const samples = Array.from({ length: 20 }, (_, index): HeldSample => {
    const part = (index + 1) / 20;
    const then = Object.fromEntries(Object.entries(kinds).map(([kind, bytes]) => [kind, bytes * part]));
    const usageBytes = (heldBytes + kinds.pageCache) * part;
    return { atMs: index * 50, usageBytes, swapBytes: kinds.swap * part, kinds: then as typeof kinds };
  });
  return reportOf({
    ...{ cage: '/sys/fs/cgroup/memcage-1-a/1', version: 2, limitBytes: 100 * MIB, at: 0.95 },
    ...{ usageBytes: heldBytes, held: { kinds, heldBytes, stat: {} }, reading: { processes, files, unread } },
    ...{ frozenMs: 20, timeMs: 1_790_000_000_000, samples },
    ...more,
  }).report;
}

const LONG = 'a-rather-long-name-of-a-directory/'.repeat(12);

/** What pages of evidence have to show. */
export const REPORTS: Readonly<Record<string, EvidenceReport>> = {
  'one process': reportWith({ programs: 92, kernel: 3 }, { processes: [share(71, 1, 92)] }),
  tree: reportWith(
    { programs: 80, kernel: 4, pageCache: 5, swap: 3 },
    {
      processes: [
        share(1, 0, 2, { name: 'sh', command: `sh -c ${LONG}` }),
        ...Array.from({ length: 70 }, (_, index) => share(index + 2, index % 9 === 0 ? 1 : index + 1, 1)),
      ],
      unread: ['mappings of process 12', `a part of ${LONG}`],
    },
  ),
  tmpfs: reportWith(
    { programs: 9, shared: 85 },
    {
      processes: [share(7, 1, 9)],
      files: [
        heldFile(`/mnt/${LONG}file`, 70),
        ...Array.from({ length: 8 }, (_, index) => heldFile(`/mnt/${index}`, 1)),
      ],
    },
  ),
  heap: {
    ...reportWith({ programs: 92 }, { processes: [share(71, 1, 92)] }),
    node: [
      {
        ...{ pid: 71, thread: 'main', spaces: [] },
        ...{ heapUsedBytes: 60 * MIB, heapTotalBytes: 62 * MIB, heapLimitBytes: 64 * MIB },
        native: { buffers: 20 * MIB, otherExternal: 0, malloced: 2 * MIB, code: 1, scripts: 1 },
        stack: ['addOrder (/srv/app/orders.js:12:7)', LONG],
        snapshot: 'heap-71.heapsnapshot',
        types: [
          { name: 'Order', count: 1_234_567, ownBytes: 9 * MIB, retainedBytes: 50 * MIB },
          { name: LONG, count: 1, ownBytes: MIB, retainedBytes: MIB },
        ],
      },
    ],
  },
};
