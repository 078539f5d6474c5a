import { readdirSync } from 'node:fs';

/** How many fds this process has; the one that reads the directory counts each time. */
export function openFdCount(): number {
  return readdirSync('/proc/self/fd').length;
}
