import type { MemoryKinds } from '../../../common/text/memory-kinds';
import type { MappingKinds, ProcessShare } from '../messages';

/** A kind of memory: its colour, and its name. */
export interface KindLook {
  kind: keyof MemoryKinds | 'swap';
  className: string;
  text: string;
}

/** From the bottom of the chart up; what the kernel can drop is last. */
export const KINDS: readonly KindLook[] = [
  { kind: 'programs', className: 'anon', text: 'programs: heaps, buffers, stacks' },
  { kind: 'shared', className: 'shared', text: 'tmpfs and shared memory' },
  { kind: 'kernel', className: 'kernel', text: 'the kernel: page tables, sockets, names' },
  { kind: 'swap', className: 'swap', text: 'swapped out' },
  { kind: 'pageCache', className: 'file', text: 'page cache, which the kernel can drop' },
];

export const MAPPED: Readonly<Record<keyof MappingKinds, string>> = {
  heap: 'heap (brk)',
  anonymous: 'anonymous (JavaScript, Buffers, malloc)',
  stack: 'stacks',
  shared: 'shared memory',
  files: 'own copies of files',
};

/** A part of a bar. */
export interface BarPart {
  className: string;
  bytes: number;
}

/** What a process holds, in the colours of {@link KINDS}. */
export function partsOf({ heldBytes, swapBytes, kinds }: ProcessShare): BarPart[] {
  const shared = Math.min(kinds?.shared ?? 0, heldBytes - swapBytes);
  return [
    { className: 'anon', bytes: heldBytes - swapBytes - shared },
    { className: 'shared', bytes: shared },
    { className: 'swap', bytes: swapBytes },
  ];
}
