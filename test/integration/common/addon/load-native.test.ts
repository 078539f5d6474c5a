import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Finding } from 'memcage/machine';
import { fixtureResult } from '../../../support/fixture';
import type { FaultRule } from '../../../support/native/faults';
import { addBuilt, addFile, BUILT, copyPackage } from '../../../support/package-copy';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';

jest.setTimeout(patience(30_000));

const { EINVAL, ENOSYS } = constants.errno;
const ADDON = `${BUILT}/memcage.node`;
const ROOT = join(__dirname, '../../../..');
/** An addon that is linked as usual. */
const SOUND = readFileSync(join(ROOT, 'test/native/build/Release/faults.node'));

interface Conditions {
  arch?: string;
  release?: string;
  faults?: readonly FaultRule[];
}

interface Result {
  error: { code: string; message: string; path?: string } | null;
  works: boolean;
  kernel: Finding;
  addon?: Finding;
}

let directory: string;
beforeEach(() => {
  directory = copyPackage();
});
afterEach(() => rmSync(directory, { recursive: true }));

const use = (conditions: Conditions = {}): Promise<Result> =>
  fixtureResult('common/addon/load.js', directory, conditions);
const build = (): string => `npm --prefix ${directory} run build:native`;

function refusal({ detail, cure, path }: { detail: string; cure: string; path?: string }): Partial<Result> {
  const error = { code: 'ERR_MEMCAGE_UNSUPPORTED', message: `${detail}. Cure: ${cure}`, ...(path && { path }) };
  return { error, works: false, addon: { name: 'addon', state: 'missing', detail, cure } };
}

/** An addon with all of one text replaced by another of the same length. */
function spoil(from: string, to: string, sound = SOUND): Buffer {
  const content = Buffer.from(sound.toString('latin1').replaceAll(from, to), 'latin1');
  if (content.equals(sound) || content.length !== sound.length) throw new Error(`nothing to replace: ${from}`);
  return content;
}

describeIf('linux', 'a package without a binary', () => {
  const cure = (): string => `build one, with a C++20 compiler, make and python3: ${build()}`;

  test('for this platform says for which it has one, and how to build one', async () => {
    for (const platform of ['linux-x64', 'linux-arm64'])
      addFile(directory, `prebuilds/${platform}/memcage.node`, SOUND);
    addFile(directory, 'prebuilds/linux-ia32/memcage-exec', '');
    const detail = 'memcage has no binary for linux-riscv64, only for linux-arm64 and linux-x64';
    expect(await use({ arch: 'riscv64' })).toMatchObject(refusal({ detail, cure: cure() }));
  });

  test('at all says so', async () => {
    const detail = `memcage has no binary at all in ${directory}`;
    expect(await use()).toMatchObject(refusal({ detail, cure: cure() }));
  });
});

describeIf('linux', 'a binary that does not load is an error that names it, with the reason and the cure', () => {
  const anew = (): string => `install memcage anew; or build it here: ${build()}`;
  const older = (): string => `this machine's C library is older than the binary needs: build one for it: ${build()}`;

  test.each<[what: string, content: () => Buffer, reason: RegExp, cure: () => string]>([
    ['is no binary', () => Buffer.alloc(4096, 'garbage'), /invalid ELF header|Exec format error/, anew],
    ['was cut off', () => SOUND.subarray(0, 40), /file too short|Exec format error/, anew],
    ['needs a newer glibc', () => spoil('GLIBC_2.', 'GLIBC_9.'), /GLIBC_9\.\S+' not found/, older],
    [
      'needs a library that is not here',
      () => spoil('libc.so.6', 'libq.so.6'),
      /libq\.so\.6: (cannot open|No such file)/,
      anew,
    ],
    [
      'needs a newer Node',
      // memcage's own is linked so that the loader looks for all functions at once.
      () => spoil('napi_create_function', 'napi_create_fraction', readFileSync(join(ROOT, ADDON))),
      /napi_create_fraction/,
      () => `use a newer Node.js: this is ${process.version}`,
    ],
  ])('(%s)', async (_, content, reason, cure) => {
    const path = addFile(directory, ADDON, content());
    const result = await use();
    const detail = result.addon?.detail ?? '';
    expect(detail).toMatch(reason);
    expect(detail).toContain('does not load: ');
    expect(detail).toContain(path);
    expect(result).toMatchObject(refusal({ detail, cure: cure(), path }));
  });

  test('(also where a path seems to tell of another reason)', async () => {
    const other = `${directory}-napi_x`;
    renameSync(directory, other);
    directory = other;
    addFile(directory, ADDON, Buffer.alloc(4096, 'garbage'));
    expect((await use()).addon).toMatchObject({ cure: anew() });
  });
});

describeIf(['linux', 'root'], 'a binary where nothing may be executed', () => {
  test('is an error that says where to look', async () => {
    addBuilt(directory, 'memcage.node');
    const fixture = join(__dirname, '../../../fixtures/common/addon/load.js');
    const script = 'mount --bind "$1" "$1" && mount -o remount,bind,noexec "$1" && exec "$2" "$3" "$1" {}';
    const args = ['-m', 'sh', '-ec', script, 'sh', directory, process.execPath, fixture];
    const result = JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' })) as Result;
    const path = join(directory, ADDON);
    expect(result.addon).toMatchObject({
      detail: expect.stringContaining(`${path}: failed to map segment`) as string,
      cure: expect.stringContaining(`noexec in findmnt -T ${path}`) as string,
    });
    expect(result.error).toMatchObject({ code: 'ERR_MEMCAGE_UNSUPPORTED', path });
  });
});

describeIf(['cgroup', 'seccomp'], 'an old kernel', () => {
  beforeEach(() => addBuilt(directory, 'memcage.node'));

  // The first is Linux 5.3, the second an older one.
  test.each<[FaultRule]>([
    [{ syscall: 'waitid', errno: EINVAL, argument: 0, value: 3 }],
    [{ syscall: 'pidfd_open', errno: ENOSYS }],
  ])('is refused before anything is made (%j)', async (fault) => {
    const detail = 'memcage needs Linux 5.10 or newer; this is Linux 4.19.0-27';
    const expected = refusal({ detail, cure: 'start a newer kernel' });
    const result = await use({ release: '4.19.0-27', faults: [fault] });
    expect(result).toMatchObject({ ...expected, kernel: { state: 'missing' } });
  });

  test('that has what memcage needs is as good as a newer one', async () => {
    const result = await use({ release: '4.18.0-553.el8' });
    expect(result).toMatchObject({ error: null, kernel: { state: 'limited' } });
    expect(result.addon).toBeUndefined();
  });
});
