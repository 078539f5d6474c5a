import { closeSync, openSync } from 'node:fs';

/** Opens files until at most `free` fds are left. The returned function closes them. */
export function fillFds(free: number): () => void {
  const fillers: number[] = [];
  try {
    for (;;) fillers.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
  }
  for (const fd of fillers.splice(0, free)) closeSync(fd);
  return () => {
    for (const fd of fillers) closeSync(fd);
  };
}
