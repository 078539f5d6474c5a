import { readdirSync } from 'node:fs';

/** The number of fds of this process, always including the one that reads the directory. */
export function openFdCount(): number {
  return readdirSync('/proc/self/fd').length;
}
