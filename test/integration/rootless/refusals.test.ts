import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { run } from 'memcage';
import { temporaryDirectory } from '../../support/native/native-child';
import { describeIf } from '../../support/require';
import { inChroot } from '../../support/roots/chroot';

const FIXTURE = join(__dirname, '../../fixtures/rootless/limits.js');
const LIMIT = '/proc/sys/user/max_user_namespaces';
const DEEPEST = 33;

interface Thrown {
  code?: string;
  errno?: number;
  stage?: string;
  message?: string;
  limit: string;
}

const LIMIT_REACHED = { code: 'ERR_MEMCAGE_NAMESPACE_LIMIT', errno: -constants.errno.ENOSPC, stage: 'clone' };

async function inUserNamespace(mode: string): Promise<Thrown> {
  const { stdout } = await run(process.execPath, [FIXTURE, mode], { namespaces: { user: { uid: 0, gid: 0 } } });
  return JSON.parse(stdout) as Thrown;
}

describeIf('userns', 'the limit on user namespaces', () => {
  let before: string;
  beforeAll(() => {
    before = readFileSync(LIMIT, 'utf8');
  });
  afterAll(() => expect(readFileSync(LIMIT, 'utf8')).toBe(before));

  test('where it is not reached one can be made within one', async () => {
    expect(await inUserNamespace('plain')).toEqual({ limit: expect.any(String) as string });
  });

  test('of 0 is named', async () => {
    const thrown = await inUserNamespace('zero');
    expect(thrown).toMatchObject({ ...LIMIT_REACHED, limit: '0' });
    expect(thrown.message).toContain(`${LIMIT} is 0: root can write a higher number to it`);
  });

  test('that is reached', async () => {
    const thrown = await inUserNamespace('reached');
    expect(thrown).toMatchObject({ ...LIMIT_REACHED, limit: '1' });
    expect(thrown.message).toContain('a limit in /proc/sys/user/max_*_namespaces is reached');
  });

  test('that is reached in the one around it', async () => {
    const thrown = await inUserNamespace('outer');
    expect(thrown).toMatchObject(LIMIT_REACHED);
    expect(Number(thrown.limit)).toBeGreaterThan(1);
    expect(thrown.message).toContain('or of one around it');
  });
});

describeIf('first-userns', 'user namespaces within each other', () => {
  const nested = async (depth: number): Promise<Thrown> => {
    const words = Array.from({ length: depth }, () => ['unshare', '--map-root-user']).flat();
    const [file = '', ...args] = [...words, process.execPath, FIXTURE, 'plain'];
    const { stdout } = await promisify(execFile)(file, args);
    return JSON.parse(stdout) as Thrown;
  };

  test(`are ${DEEPEST} at most`, async () => {
    const limit = expect.any(String) as string;
    expect(await nested(DEEPEST - 1)).toEqual({ limit });
    const thrown = await nested(DEEPEST);
    expect(thrown).toMatchObject(LIMIT_REACHED);
    expect(thrown.message).toContain('as deep within each other as the kernel lets them be');
  });
});

describeIf(['root', 'userns'], 'a process in a chroot', () => {
  test('can have no user namespace: chroot is named', async () => {
    const directory = temporaryDirectory();
    try {
      const [file, ...args] = inChroot(directory, join(__dirname, '../../..'));
      const { stdout } = await promisify(execFile)(file, [...args, process.execPath, FIXTURE, 'plain']);
      const thrown = JSON.parse(stdout) as Thrown;
      expect(thrown).toMatchObject({
        code: 'ERR_MEMCAGE_USER_NAMESPACE',
        errno: -constants.errno.EPERM,
        stage: 'clone',
      });
      expect(thrown.message).toContain('was started by chroot');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
