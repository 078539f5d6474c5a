import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './programs';

/** A program that takes a given amount of memory in a worker process, and keeps it. */
export interface Allocator {
  name: string;
  /** Absolute path of the program. */
  file: string;
  args(mebibytes: number): string[];
  /** The program and its arguments as a shell command. */
  command(mebibytes: number): string;
  /** Removes the program if it was made for this. */
  remove(): void;
}

/** Debian's `stress` if it is installed, else a small program of ours that behaves like it. */
export function findAllocator({ own }: { own: boolean }): Allocator {
  const installed = own ? undefined : findProgram('stress');
  return installed === undefined ? buildHog() : stress(installed);
}

function stress(file: string): Allocator {
  const args = (mebibytes: number) => ['--vm-bytes', `${mebibytes}m`, '--vm-keep', '-m', '1'];
  return {
    name: 'stress',
    file,
    args,
    command: (mebibytes) => `stress ${args(mebibytes).join(' ')}`,
    remove() {},
  };
}

function buildHog(): Allocator {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-example-'));
  const file = join(directory, 'hog');
  // The compiled example is in out/examples/support.
  const source = join(__dirname, '../../../examples/support/hog.c');
  execFileSync(process.env['CC'] ?? 'cc', ['-O1', '-o', file, source], { stdio: 'inherit' });
  return {
    name: 'our own allocator (stress is not installed, or --own-allocator was given)',
    file,
    args: (mebibytes) => [String(mebibytes)],
    command: (mebibytes) => `'${file}' ${mebibytes}`,
    remove: () => rmSync(directory, { recursive: true }),
  };
}
