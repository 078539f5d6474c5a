import { accessSync, constants, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TMPFS = 0x01021994;

/** A directory where files become page cache. Undefined if all is in tmpfs, whose files can't be dropped. */
export function disk(): string | undefined {
  return [tmpdir(), join(__dirname, '../../../build')].find((path) => {
    try {
      accessSync(path, constants.W_OK);
      return statfsSync(path).type !== TMPFS;
    } catch {
      return false;
    }
  });
}
