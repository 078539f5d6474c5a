import type { MemoryDetails } from '../../../types/outcome';
import { keptInJson } from '../../common/text/json';
import type { CgroupDirectory } from '../directory/directory';
import type { CgroupVersion } from '../files/formats';
import { readMemoryFile } from '../limits/limit-files';

/** The kernel charges this much at once, for a CPU's stock. If less was left, the limit may have been hit. */
const BATCH_BYTES = 256 * 1024;

/** Reads what the kernel has counted so far, one file after another. */
export function readMemoryDetails(directory: CgroupDirectory, version: CgroupVersion): MemoryDetails {
  return keptInJson(READ[version](directory));
}

function readV1(directory: CgroupDirectory): MemoryDetails {
  return { highBytes: null, limitHits: limitHitsV1(directory), highHits: null, swapPeakBytes: null, pressure: null };
}

function limitHitsV1(directory: CgroupDirectory): number | null {
  // If both limits are equal, it depends on the kernel which one is hit.
  const hits = (readMemoryFile(directory, 1, 'failcnt') ?? 0) + (readMemoryFile(directory, 1, 'memswFailcnt') ?? 0);
  if (hits > 0) return hits;
  const peak = readMemoryFile(directory, 1, 'peak') ?? 0;
  const limit = readMemoryFile(directory, 1, 'max') ?? Number.POSITIVE_INFINITY;
  return peak > limit - BATCH_BYTES ? null : 0;
}

function readV2(directory: CgroupDirectory): MemoryDetails {
  const events = readMemoryFile(directory, 2, 'events');
  const pressure = readMemoryFile(directory, 2, 'pressure');
  return {
    highBytes: readMemoryFile(directory, 2, 'high') ?? null,
    limitHits: events?.max ?? null,
    highHits: events?.high ?? null,
    swapPeakBytes: readMemoryFile(directory, 2, 'swapPeak') ?? null,
    pressure:
      pressure === undefined ? null : { someMs: pressure.some.total / 1000, fullMs: pressure.full.total / 1000 },
  };
}

const READ: Readonly<Record<CgroupVersion, (directory: CgroupDirectory) => MemoryDetails>> = { 1: readV1, 2: readV2 };
