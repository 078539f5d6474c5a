import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** The absolute path of an installed program. */
export function findProgram(name: string): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/**
 * Packs a root file system with these programs, each at its path on this machine, and the libraries that they need.
 * That is enough of an image for a container engine.
 *
 * @param programs absolute paths
 */
export function packPrograms(archive: string, programs: readonly string[]): void {
  const root = mkdtempSync(join(tmpdir(), 'memcage-image-'));
  try {
    for (const path of new Set(programs.flatMap((program) => [program, ...librariesOf(program)]))) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      copyFileSync(realpathSync(path), join(root, path));
    }
    execFileSync('tar', ['-C', root, '-cf', archive, '.']);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/**
 * Reads `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)`, and the loader, which is only a path. Static programs
 * have none.
 */
function librariesOf(program: string): string[] {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  return Array.from(stdout.matchAll(/(?:^|=>)\s*(\/\S+) \(0x/gm), ([, path = '']) => path);
}
