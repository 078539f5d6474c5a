import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Compiles a C fixture; `remove` removes it again. */
export function compile(source: string, flags: readonly string[] = []): { path: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-fixture-'));
  const path = join(directory, 'program');
  execFileSync('c++', ['-x', 'c', '-O1', ...flags, '-o', path, source]);
  return { path, remove: () => rmSync(directory, { recursive: true }) };
}
