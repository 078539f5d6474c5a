const MIB = 1024 * 1024;
const DOUBLES = MIB / 8;

/** Memory that a process holds, to be as large as others are. */
export interface Ballast {
  /** Throws if it is not there any more. */
  check(): void;
}

/** Touched, and each with its own mapping, so there are no huge pages. */
export function holdBuffers(mib: number): Ballast {
  const held = Array.from({ length: mib }, () => Buffer.alloc(MIB, 1));
  return { check: () => check(held.every((buffer) => buffer[0] === 1)) };
}

/** In V8's heap: arrays of numbers, in which a collection has nothing to follow. */
export function holdHeap(mib: number): Ballast {
  const held = Array.from({ length: mib }, () => new Array<number>(DOUBLES).fill(0.5));
  return { check: () => check(held.every((numbers) => numbers[DOUBLES - 1] === 0.5)) };
}

function check(isThere: boolean): void {
  if (!isThere) throw new Error('the parent has lost its memory');
}
