import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../native/native-child';
import { ownMounts } from './root-directory';
import { SYSTEM } from './root-plan';

/** A directory for each test of a describe, after which this process has the same mounts as before. */
export function ownDirectory() {
  let directory: string;
  let before: string;
  beforeEach(() => {
    directory = temporaryDirectory();
    before = ownMounts();
  });
  afterEach(() => {
    expect(ownMounts()).toBe(before);
    rmSync(directory, { recursive: true });
  });
  const inside = (...names: string[]): string => join(directory, ...names);
  /** Makes a root for a child of it. */
  const prepare = (...names: string[]): void => {
    for (const name of ['proc', 'dev', ...SYSTEM.map(({ to }) => to), ...names]) {
      mkdirSync(inside(name), { recursive: true });
    }
  };
  return { inside, prepare };
}
