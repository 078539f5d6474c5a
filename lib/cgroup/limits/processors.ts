import { ErrorCode, MemcageError } from '../../common/errors/errors';

/** Processors from one number to another, both included. */
export type ProcessorRange = readonly [from: number, to: number];

const MOST_DIGITS = 5;

/**
 * Parses a list of processors as in `0-2,4`, the kernel's cpulist format without strides. The ranges come back sorted, and
 * what touches is one range. Undefined if it is no such list. The empty list has no ranges.
 *
 * @see https://man7.org/linux/man-pages/man7/cpuset.7.html
 */
export function parseProcessors(text: string): ProcessorRange[] | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const ranges: ProcessorRange[] = [];
  for (const part of trimmed.split(',')) {
    const [, first, last = first] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
    if (first === undefined || last === undefined || Math.max(first.length, last.length) > MOST_DIGITS)
      return undefined;
    if (Number(first) > Number(last)) return undefined;
    ranges.push([Number(first), Number(last)]);
  }
  return merged(ranges.sort(([one], [other]) => one - other));
}

/** The text of such a list. */
export function formatProcessors(ranges: readonly ProcessorRange[]): string {
  return ranges.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(',');
}

function merged(sorted: readonly ProcessorRange[]): ProcessorRange[] {
  const ranges: ProcessorRange[] = [];
  for (const [from, to] of sorted) {
    const before = ranges.at(-1);
    if (before === undefined || from > before[1] + 1) ranges.push([from, to]);
    else ranges[ranges.length - 1] = [before[0], Math.max(before[1], to)];
  }
  return ranges;
}

/** Whether all processors of a list are in another one. Both as {@link parseProcessors} returns them. */
export function areWithin(inner: readonly ProcessorRange[], outer: readonly ProcessorRange[]): boolean {
  return inner.every(([from, to]) => outer.some(([first, last]) => first <= from && to <= last));
}

/**
 * The processors that are in both lists.
 *
 * @throws ERR_MEMCAGE_LIMIT_REFUSED if there are none
 */
export function commonProcessors(one: string, other: string): string {
  const others = parseProcessors(other) ?? [];
  const common = (parseProcessors(one) ?? []).flatMap(([from, to]) =>
    others.flatMap(([first, last]): ProcessorRange[] => {
      const both: ProcessorRange = [Math.max(from, first), Math.min(to, last)];
      return both[0] <= both[1] ? [both] : [];
    }),
  );
  if (common.length > 0) return formatProcessors(common);
  throw new MemcageError(
    ErrorCode.LIMIT_REFUSED,
    `cpu.set: ${one} and ${other}, which hold both, have no processor in common`,
    { value: one, option: 'cpu.set' },
  );
}
