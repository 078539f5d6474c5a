import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** Passes on what a child writes, as BullMQ does for its children. A stream that is not a pipe is null. */
export function relayOutput({ stdout, stderr }: { stdout: Readable | null; stderr: Readable | null }): void {
  for (const [from, to] of [
    [stdout, process.stdout],
    [stderr, process.stderr],
  ] as const) {
    // Who can't read the child's pipe, or write to this process's own output, has nothing to tell the job.
    if (from !== null) relay(from, to).catch(() => from.resume());
  }
}

/** Not `pipe()`: its listeners add up on the stream that all children share. */
async function relay(from: Readable, to: Writable): Promise<void> {
  for await (const chunk of from) {
    if (!to.write(chunk)) await once(to, 'drain');
  }
}
