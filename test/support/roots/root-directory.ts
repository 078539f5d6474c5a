import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RootBind } from 'memcage';

/** This machine's programs and libraries, for a root that has none. */
export const SYSTEM: readonly RootBind[] = ['/usr', '/bin', '/lib', '/lib32', '/lib64']
  .filter((path) => existsSync(path))
  .map((path) => ({ source: path, target: path, readOnly: true }));

export interface RootDirectory {
  path: string;
  /** Makes a file in it, with the directories above. */
  file(path: string, text?: string): void;
  directory(path: string): void;
  remove(): void;
}

/** A directory like the root of a small distribution, without programs: those are to be bound. */
export function makeRootDirectory(): RootDirectory {
  const path = mkdtempSync(join(tmpdir(), 'memcage-root-'));
  const directory = (name: string): void => {
    mkdirSync(join(path, name), { recursive: true });
  };
  for (const each of ['proc', 'dev', 'etc', 'tmp', 'job', ...SYSTEM.map(({ target: to }) => to)]) directory(each);
  return {
    path,
    directory,
    file: (name, text = '') => {
      directory(join(name, '..'));
      writeFileSync(join(path, name), text);
    },
    // Never into what a test has left mounted there, which is none.
    remove: () => rmSync(path, { recursive: true }),
  };
}

/** The mounts that this process sees. */
export function ownMounts(): string {
  return readFileSync('/proc/self/mountinfo', 'utf8');
}
