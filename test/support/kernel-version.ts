import { release } from 'node:os';

/** Whether this Linux has that version or a later one. */
export function kernelHas(major: number, minor: number): boolean {
  const [ours = 0, sub = 0] = release().split('.').map(Number);
  return ours > major || (ours === major && sub >= minor);
}
