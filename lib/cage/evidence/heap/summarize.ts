import { createReadStream } from 'node:fs';
import { freemem } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { printable } from '../../../common/text/names';
import { formatSize } from '../../../common/text/size';
import type { HeapTypes } from './messages';
import { readSnapshot } from './read-snapshot';
import { retainedTypes } from './retained';

const MOST_TOLD = 20;
/** Outside of the JavaScript heap: enough for a snapshot of some 800 MiB. */
const MOST_BYTES = 1024 ** 3;
/** This thread is in the process of who has asked for evidence. */
const PART_OF_AVAILABLE = 1 / 4;
/** Less than who asks waits. */
const MOST_MS = 100_000;

/**
 * The largest types in a heap snapshot, by what they retain; by their own size where that would take too much memory or time.
 *
 * @throws if it is none
 */
export async function summarizeSnapshot(path: string): Promise<HeapTypes> {
  const endMs = performance.now() + MOST_MS;
  const chunks = createReadStream(path, { highWaterMark: 256 * 1024, signal: AbortSignal.timeout(MOST_MS) });
  // Node before 20.13 does not tell of a container's limit.
  const { availableMemory = freemem } = process as { availableMemory?: () => number };
  const most = Math.min(MOST_BYTES, availableMemory() * PART_OF_AVAILABLE);
  let unread = 'they took too long to compute';
  const { types, graph } = await readSnapshot(chunks, (bytes) => {
    if (bytes <= most) return true;
    unread = `they take ${formatSize(bytes)} of memory to compute, of at most ${formatSize(most)}`;
    return false;
  });
  const steps = graph && retainedTypes(graph, types);
  for (let step = steps?.next(); step !== undefined && performance.now() < endMs; step = steps?.next()) {
    if (step.done === true) return { types: largest(step.value) };
    // Other cages are stopped meanwhile, and this thread is asked for them.
    await setImmediate();
  }
  return { types: largest(types.sort((one, other) => other.ownBytes - one.ownBytes)), unread };
}

function largest(types: HeapTypes['types']): HeapTypes['types'] {
  return types.slice(0, MOST_TOLD).map((type) => ({ ...type, name: printable(type.name) }));
}
