import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findProgram } from './programs.mts';

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
  // Its source is in examples/support, and when it is compiled, it runs in out/examples/support.
  const root = dirname(createRequire(import.meta.url).resolve('memcage/package.json'));
  const source = join(root, 'examples/support/hog.c');
  execFileSync(process.env['CC'] ?? 'cc', ['-O1', '-o', file, source], { stdio: 'inherit' });
  return {
    name: 'our own allocator (stress is not installed, or --own-allocator was given)',
    file,
    args: (mebibytes) => [String(mebibytes)],
    command: (mebibytes) => `'${file}' ${mebibytes}`,
    remove: () => rmSync(directory, { recursive: true }),
  };
}
