import { formatSize } from '../../../common/text/size';
import type { TakenHeaps } from './take-heaps';

const MOST = 3;
const LEAST_TOLD = 1024 ** 2;

/** What the fullest Node process holds, in a few words; '' if nothing is known of one. */
export function heapsInWords(heaps: TakenHeaps | undefined): string {
  const [first] = heaps?.node ?? [];
  if (first === undefined) return '';
  const { pid, heapUsedBytes, native, types } = first;
  const largest = types
    .filter(({ bytes }) => bytes >= LEAST_TOLD)
    .slice(0, MOST)
    .map(({ name, bytes, count }) => `${count} ${name} of ${formatSize(bytes)}`);
  const held = `Node (pid ${pid}) has ${formatSize(heapUsedBytes)} in its heap and ${formatSize(native.buffers)} in Buffers`;
  return [held, ...largest].join(', ');
}
