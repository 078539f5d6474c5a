import { constants } from 'node:os';
import { makeCageCgroup } from '../../../../lib/cage/cgroup/make-cage-cgroup';
import type { CageRoot } from '../../../../lib/cage/root/cage-root';
import type { RootControllers } from '../../../../lib/cage/root/cage-version';
import { CgroupDirectory } from '../../../../lib/cgroup/directory/directory';
import type { NativeBinding } from '../../../../types/native';
import { refusal } from '../../../support/cgroups/cgroups-in-memory';

type Code = keyof typeof constants.errno;

const MEMORY = 10;
const KILL = 20;
const MEMORY_PATH = `${MEMORY}/1`;
const KILL_PATH = `${KILL}/1`;

/** Plays the kernel's directories on v1, and refuses what the test says: by "make", "remove" or "write", and a path. */
class Machine {
  readonly directories = new Set<string>();
  readonly refuses = new Map<string, Code>();
  readonly owner: CageRoot;

  constructor() {
    const native = {
      makeDirectory: ({ dirFd, path }) => {
        const directory = `${dirFd}/${path}`;
        this.#refuse('make', directory);
        if (this.directories.has(directory)) throw refusal('EEXIST');
        this.directories.add(directory);
      },
      removeDirectory: ({ dirFd, path }) => {
        const directory = `${dirFd}/${path}`;
        this.#refuse('remove', directory);
        if (!this.directories.delete(directory)) throw refusal('ENOENT');
      },
      listDirectories: () => [],
      openBeneath: () => 30,
      closeFd: () => {},
      readBeneath: () => '0\n',
      writeBeneath: ({ dirFd, path }) => this.#refuse('write', `${dirFd}/${path}`),
    } as Partial<NativeBinding> as NativeBinding;
    this.owner = {
      limitContext: { version: 1, swapAccounting: false, pageBytes: 4096 },
      memory: CgroupDirectory.anchoredAt(native, MEMORY, '/memory'),
      killCgroup: { kind: 'unified', directory: CgroupDirectory.anchoredAt(native, KILL, '/kill') },
      hasGuardian: false,
      nextNumber: () => 1,
      use: () => () => {},
      controllers: { homes: () => [] } as Partial<RootControllers> as RootControllers,
    } as Partial<CageRoot> as CageRoot;
  }

  /** The error for a cage cgroup that can't be made. */
  failure(): unknown {
    try {
      makeCageCgroup(this.owner, { memory: { max: 2 ** 20 } }, { killable: true });
    } catch (error) {
      return error;
    }
    return undefined;
  }

  #refuse(what: string, path: string): void {
    const code = this.refuses.get(`${what} ${path}`);
    if (code !== undefined) throw refusal(code);
  }
}

describe('a cage cgroup that can only be made in part', () => {
  test("leaves another's kill cgroup alone that has its name", () => {
    const machine = new Machine();
    machine.directories.add(KILL_PATH);
    expect(machine.failure()).toMatchObject({ code: 'ERR_MEMCAGE_CGROUP_EXISTS', path: '/kill/1' });
    expect([...machine.directories]).toEqual([KILL_PATH]);
  });

  test('is removed as far as can be, and what failed first is told', () => {
    const machine = new Machine();
    machine.refuses.set(`write ${MEMORY_PATH}/memory.limit_in_bytes`, 'ENOSPC').set(`remove ${KILL_PATH}`, 'EMFILE');
    expect(machine.failure()).toMatchObject({ errno: -constants.errno.ENOSPC });
    expect([...machine.directories]).toEqual([KILL_PATH]);
  });

  test('is told of where nothing can be removed', () => {
    const machine = new Machine();
    machine.refuses.set(`make ${KILL_PATH}`, 'ENOSPC').set(`remove ${MEMORY_PATH}`, 'EMFILE');
    expect(machine.failure()).toMatchObject({ errno: -constants.errno.ENOSPC });
  });
});
