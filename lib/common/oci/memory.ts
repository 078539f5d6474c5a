import { invalidArgument } from '../errors/errors';
import { type OciResources, RESOURCES } from './resources';
import type { Translation } from './translation';

const PATH = `${RESOURCES}.memory`;
const PAGE_BYTES = 4096;
/** What cgroup v1 shows for "unlimited": the highest number of pages, of 4 KiB or up to 64 KiB. */
const UNLIMITED_V1 = 2 ** 63 - 65_536;
const MOST_SWAPPINESS = 100;

type OciMemory = NonNullable<OciResources['memory']>;

export function translateMemory(memory: OciMemory, into: Translation): void {
  const { limit, reservation, swappiness, disableOOMKiller, useHierarchy } = memory;
  if (limit !== undefined) into.set(`${PATH}.limit`, 'memory', 'max', checkBytes(`${PATH}.limit`, limit));
  if (reservation !== undefined) {
    const path = `${PATH}.reservation`;
    into.set(path, 'memory', into.version === 1 ? 'soft' : 'low', checkBytes(path, reservation));
  }
  translateSwap(memory, into);
  for (const name of ['kernel', 'kernelTCP'] as const) {
    const bytes = memory[name];
    if (bytes !== undefined && checkBytes(`${PATH}.${name}`, bytes) !== 'max') into.lacks(`${PATH}.${name}`);
  }
  if (swappiness !== undefined) translateSwappiness(swappiness, into);
  if (disableOOMKiller !== undefined) translateOomKiller(disableOOMKiller, into);
  // memcage counts what is below a cgroup always, and a new cage uses nothing yet: there is nothing to check before.
  if (useHierarchy === false) into.lacks(`${PATH}.useHierarchy`);
}

/**
 * Checks a size for which the kernel takes at least a page, or 0 if `zero` is true. `'max'` for one that limits nothing.
 */
export function checkBytes(path: string, bytes: number, { zero = false } = {}): number | 'max' {
  if (bytes === -1 || bytes >= UNLIMITED_V1) return 'max';
  if (Number.isSafeInteger(bytes) && bytes >= PAGE_BYTES) return bytes;
  if (zero && bytes === 0) return 0;
  throw invalidArgument(path, `at least a page of memory (${PAGE_BYTES} bytes), or -1 for unlimited`, bytes);
}

/** The specification's limit is of memory and swap together, memcage's of swap alone. */
function translateSwap({ limit, swap }: OciMemory, into: Translation): void {
  if (swap === undefined) return;
  const path = `${PATH}.swap`;
  const total = checkBytes(path, swap);
  if (total === 'max') {
    // v1 can't limit swap alone, and what has no limit there swaps without one.
    if (limit !== undefined || into.version === 2) into.set(path, 'memory', 'swap', 'max');
    return;
  }
  const max = limit === undefined ? 'max' : checkBytes(`${PATH}.limit`, limit);
  if (max === 'max' || max > total) {
    throw invalidArgument(path, `the limit of memory and swap together, at least that of ${PATH}.limit`, swap);
  }
  const alone = total - max;
  // The kernel rounds down to whole pages.
  into.set(path, 'memory', 'swap', alone < PAGE_BYTES ? 0 : alone);
}

function translateSwappiness(swappiness: number, into: Translation): void {
  const path = `${PATH}.swappiness`;
  if (swappiness > MOST_SWAPPINESS) throw invalidArgument(path, `an integer from 0 to ${MOST_SWAPPINESS}`, swappiness);
  if (into.version === 1) into.set(path, 'memory', 'swappiness', swappiness);
  else into.lacks(path, 'cgroup v1 only');
}

function translateOomKiller(isDisabled: boolean, into: Translation): void {
  const path = `${PATH}.disableOOMKiller`;
  if (into.version === 1) into.set(path, 'memory', 'oomKill', !isDisabled);
  else if (isDisabled) into.lacks(path, 'cgroup v1 only');
}
