import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Something that takes a given amount of memory in a worker process and keeps it. */
export interface Allocator {
  name: string;
  /** A shell command. */
  command(mebibytes: number): string;
  [Symbol.dispose](): void;
}

/** Debian's `stress` where it is installed, else a small program of ours that behaves the same way. */
export function findAllocator({ own }: { own: boolean }): Allocator {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  const installed = directories.some((directory) => existsSync(join(directory, 'stress')));
  return installed && !own ? stress : buildHog();
}

const stress: Allocator = {
  name: 'stress',
  command: (mebibytes) => `stress --vm-bytes ${mebibytes}m --vm-keep -m 1`,
  [Symbol.dispose]() {},
};

function buildHog(): Allocator {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-example-'));
  const program = join(directory, 'hog');
  // The compiled example is in out/examples/support.
  const source = join(__dirname, '../../../examples/support/hog.c');
  execFileSync(process.env['CC'] ?? 'cc', ['-O1', '-o', program, source], { stdio: 'inherit' });
  return {
    name: 'our own allocator (stress is not installed, or --own-allocator was given)',
    command: (mebibytes) => `'${program}' ${mebibytes}`,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  };
}
