import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '../..');
export const BUILT = 'build/Release';

/** A copy of the package without its binaries. The caller removes it. */
export function copyPackage(): string {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-package-'));
  for (const name of ['dist', 'package.json']) cpSync(join(ROOT, name), join(directory, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  return directory;
}

export function addBuilt(directory: string, name: 'memcage.node' | 'memcage-exec'): void {
  cpSync(join(ROOT, BUILT, name), join(directory, BUILT, name));
}

/** Returns the path of the new file. */
export function addFile(directory: string, name: string, content: string | Uint8Array, mode = 0o755): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode });
  return path;
}
