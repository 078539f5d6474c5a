import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CgroupDirectory } from '../../../lib/cgroup/directory/directory';
import { loadNative } from '../../../lib/common/addon/load-native';

interface FakeCgroup {
  directory: CgroupDirectory;
  read(file: string): string;
  remove(): void;
}

/** A directory with some of a cgroup's files, as an older kernel makes it. A value may have a mode. */
export function fakeCgroup(files: Readonly<Record<string, string | { text: string; mode: number }>>): FakeCgroup {
  const path = mkdtempSync(join(tmpdir(), 'memcage-fake-'));
  for (const [name, value] of Object.entries({ 'cgroup.procs': '', ...files })) {
    const { text, mode } = typeof value === 'string' ? { text: value, mode: 0o644 } : value;
    writeFileSync(join(path, name), text);
    chmodSync(join(path, name), mode);
  }
  const native = loadNative();
  const directory = CgroupDirectory.anchoredAt(native, native.openDirectory({ path }), path);
  return {
    directory,
    read: (file) => readFileSync(join(path, file), 'utf8'),
    remove() {
      directory.close();
      rmSync(path, { recursive: true });
    },
  };
}
