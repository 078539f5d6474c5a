import { closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LockHolders } from '../../../lib/cage/root/own-directories';
import { loadNative } from '../../../lib/common/addon/load-native';
import { describeIf } from '../../support/require';

describeIf('linux', 'who holds a lock', () => {
  test('is told as long as somebody does', () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-lock-'));
    const fd = openSync(directory, 'r');
    try {
      expect(new LockHolders().of(directory)).toBe(undefined);
      expect(loadNative().tryLock({ fd })).toBe(true);
      expect(new LockHolders().of(directory)).toBe(process.pid);
      expect(new LockHolders().of(join(directory, 'nothing'))).toBe(undefined);
    } finally {
      closeSync(fd);
      rmSync(directory, { recursive: true });
    }
    expect(new LockHolders().of(tmpdir())).toBe(undefined);
  });

  test('other kinds, those who wait, and those who can not be seen are passed over', () => {
    const { dev, ino } = statSync('/', { bigint: true });
    const file = `${(dev >> 8n).toString(16).padStart(2, '0')}:${(dev & 0xffn).toString(16).padStart(2, '0')}:${ino}`;
    const text = [
      `1: POSIX  ADVISORY  WRITE 11 ${file} 0 EOF`,
      `2: FLOCK  ADVISORY  READ 12 ${file} 0 EOF`,
      `3: FLOCK  ADVISORY  WRITE 0 ${file} 0 EOF`,
      `3: -> FLOCK  ADVISORY  WRITE 14 ${file} 0 EOF`,
    ];
    expect(new LockHolders(text.join('\n')).of('/')).toBe(undefined);
    expect(new LockHolders([...text, `4: FLOCK  ADVISORY  WRITE 15 ${file} 0 EOF`].join('\n')).of('/')).toBe(15);
  });
});
