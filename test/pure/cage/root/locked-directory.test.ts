import { constants } from 'node:os';
import { tryLock } from '../../../../lib/cage/root/locked-directory';
import { CgroupDirectory } from '../../../../lib/cgroup/directory/directory';
import type { NativeBinding } from '../../../../types/native';

const { ENOLCK } = constants.errno;

/** @param flock the result of locking a directory */
function directoryWith(flock: () => boolean): { directory: CgroupDirectory; open: Set<number> } {
  const open = new Set<number>();
  const native = {
    openBeneath: () => {
      open.add(100);
      return 100;
    },
    tryLock: flock,
    closeFd: ({ fd }) => void open.delete(fd),
  } as Partial<NativeBinding> as NativeBinding;
  return { directory: CgroupDirectory.anchoredAt(native, 99, '/cgroup'), open };
}

describe('the lock of a directory', () => {
  test('is held by an fd', () => {
    const { directory, open } = directoryWith(() => true);
    const locked = tryLock(directory);
    expect([...open]).toEqual([100]);
    locked?.close();
    expect(open.size).toBe(0);
  });

  test("leaves no fd when it is another's", () => {
    const { directory, open } = directoryWith(() => false);
    expect(tryLock(directory)).toBeUndefined();
    expect(open.size).toBe(0);
  });

  test('leaves no fd when the kernel can give none', () => {
    const refusal = Object.assign(new Error('flock ENOLCK'), { errno: -ENOLCK });
    const { directory, open } = directoryWith(() => {
      throw refusal;
    });
    expect(() => tryLock(directory)).toThrow(refusal);
    expect(open.size).toBe(0);
  });
});
