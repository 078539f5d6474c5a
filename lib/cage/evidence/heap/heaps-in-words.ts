import { formatSize } from '../../../common/text/size';
import type { TakenHeaps } from './take-heaps';

const LEAST_TOLD = 1024 ** 2;

/** What the fullest Node process holds, in a few words; '' if nothing is known of one. */
export function heapsInWords(heaps: TakenHeaps | undefined): string {
  const [first] = heaps?.node ?? [];
  if (first === undefined) return '';
  const { pid, heapUsedBytes, native, types } = first;
  const held = `Node (pid ${pid}) has ${formatSize(heapUsedBytes)} in its heap and ${formatSize(native.buffers)} in Buffers`;
  const [largest] = types;
  const bytes = largest?.retainedBytes ?? largest?.ownBytes ?? 0;
  return bytes < LEAST_TOLD ? held : `${held}, ${largest?.count} ${largest?.name} of ${formatSize(bytes)}`;
}
