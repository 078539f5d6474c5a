import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type RootOptions, type RunOptions, run } from 'memcage';
import { withCode } from '../../../support/error-code';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { makeRootDirectory, ownMounts, type RootDirectory, SYSTEM } from '../../../support/roots/root-directory';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(30_000));

let directory: RootDirectory;

async function sh(script: string, { binds = [], ...root }: RootOptions = {}, options: RunOptions = {}) {
  const own = root.tmpfs?.includes('/') ? {} : { path: directory.path };
  const { stdout } = await run('/bin/sh', ['-c', script], {
    ...options,
    root: { ...own, ...root, binds: [...SYSTEM, ...binds] },
  });
  return stdout.trimEnd();
}

describeIf(['root', 'cgroup', 'root-read-only'], 'a directory as the root', () => {
  expectNothingLeft(() => run('true', { memory: '100M' }));
  let before: string;
  beforeEach(() => {
    directory = makeRootDirectory();
    before = ownMounts();
  });
  afterEach(() => {
    expect(ownMounts()).toBe(before);
    directory.remove();
  });

  test('is all that the child sees', async () => {
    directory.file('etc/name', 'inside\n');
    expect(await sh('cat /etc/name; pwd; echo /*')).toBe(
      `inside\n/\n${['dev', 'etc', 'proc', 'tmp', 'job', ...SYSTEM.map(({ target: to }) => to.slice(1))]
        .sort()
        .map((name) => `/${name}`)
        .join(' ')}`,
    );
    // No way up, and none through the processes: there are no others.
    expect(await sh('cd /../..; pwd; echo /proc/[0-9]*; ls /proc/1/root/etc')).toBe('/\n/proc/1 /proc/2\nname');
  });

  test('has a /dev that works', async () => {
    const script = `echo lost > /dev/null && cat /dev/null && head -c 3 /dev/zero | wc -c && head -c 4 /dev/urandom | wc -c
      echo through | cat /dev/stdin; { echo out > /dev/stdout; } | cat; ls /dev/fd/0 > /dev/null && echo fd
      echo x 2>/dev/null > /dev/full || echo full; touch /dev/shm/file && ls /dev/shm; stat -c %a /dev/shm; ls /dev/pts/ptmx`;
    expect(await sh(script)).toBe('3\n4\nthrough\nout\nfd\nfull\nfile\n1777\n/dev/pts/ptmx');
  });

  testRows(
    'symbolic links in targets do not lead out',
    [
      ['escape', '../../../../../..'],
      ['absolute', '/'],
    ],
    async ([name, to]) => {
      symlinkSync(to, join(directory.path, name));
      directory.file('etc/secret', 'of the root');
      directory.file('source/file', 'bound\n');
      const from = join(directory.path, 'source');
      // Outside there is /etc, too: the mount must be in the directory.
      expect(await sh('cat /etc/file; ls /etc', { binds: [{ source: from, target: `/${name}/etc` }] })).toBe(
        'bound\nfile',
      );
      expect(readFileSync(join(directory.path, 'etc/secret'), 'utf8')).toBe('of the root');
    },
  );

  test('links in a circle are an error that names the entry', async () => {
    symlinkSync('/two', join(directory.path, 'one'));
    symlinkSync('/one', join(directory.path, 'two'));
    await expect(sh('true', { binds: [{ source: '/usr', target: '/one/x' }] })).rejects.toThrow(
      withCode('MOUNT', `root.binds[${SYSTEM.length}]: /usr on /one/x`),
    );
  });

  test('read-only, but for a bind without readOnly and a tmpfs', async () => {
    mkdirSync(join(directory.path, 'outside'));
    const binds = [{ source: join(directory.path, 'outside'), target: '/job' }];
    const script = `for d in /etc /usr /outside /job /tmp /dev/shm; do touch $d/new 2>/dev/null && echo $d; done; true`;
    expect(await sh(script, { readOnly: true, binds, tmpfs: ['/tmp'] })).toBe('/job\n/tmp\n/dev/shm');
    expect(readFileSync(join(directory.path, 'outside/new'), 'utf8')).toBe('');
    expect(await sh('touch /etc/new && echo written')).toBe('written');
  });

  test('mounts within each other, in whatever order they are given', async () => {
    directory.file('a/file', 'a');
    directory.file('b/file', 'b');
    directory.directory('a/b');
    const from = (name: string) => join(directory.path, name);
    const binds = [
      { source: from('b'), target: '/job/b' },
      { source: from('a'), target: '/job' },
      { source: from('a/file'), target: '/tmp/deep/file' },
    ];
    expect(await sh('cat /job/file /job/b/file /tmp/deep/file', { binds, tmpfs: ['/tmp'] })).toBe('aba');
  });

  test('an empty root has what is made in it', async () => {
    const script = 'echo /*; touch /new && echo writable; stat -f -c %T / /tmp';
    const names = ['dev', 'opt', 'proc', 'tmp', ...SYSTEM.map(({ target: to }) => to.slice(1))].sort();
    const binds = [{ source: directory.path, target: '/opt/deep/down' }];
    const all = names.map((name) => `/${name}`).join(' ');
    expect(await sh(script, { tmpfs: ['/', '/tmp'], binds })).toBe(`${all}\nwritable\ntmpfs\ntmpfs`);
    expect(await sh('touch /new 2>/dev/null || echo read-only', { tmpfs: ['/'], readOnly: true })).toBe('read-only');
  });

  test('the program is looked up inside', async () => {
    directory.file('usr-local/x');
    await expect(run('/bin/memcage-none', { root: { path: directory.path, binds: SYSTEM } })).rejects.toMatchObject({
      code: 'ENOENT',
    });
    await expect(run(process.execPath, { root: { path: directory.path, binds: [] } })).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  test('the working directory is inside', async () => {
    expect(await sh('pwd', {}, { cwd: '/etc' })).toBe('/etc');
    expect(await sh('pwd', {}, { cwd: 'tmp' })).toBe('/tmp');
    await expect(sh('true', {}, { cwd: directory.path })).rejects.toThrow(
      withCode('MOUNT', `The child can't begin in ${directory.path} (ENOENT)`),
    );
  });

  test('no fd leads out', async () => {
    expect(await sh('ls -l /proc/self/fd | grep -c "memcage-root\\|/tmp/"; ls /proc/self/fd | wc -l')).toBe('0\n4');
  });

  test('files in its tmpfs count for its cage', async () => {
    const root = { path: directory.path, binds: SYSTEM, tmpfs: ['/tmp'] };
    const end = await run('/bin/sh', ['-c', 'head -c 64M /dev/zero > /tmp/fill'], {
      root,
      memory: '32M',
      reject: false,
    });
    expect(end.oom).toMatchObject({ cause: 'limit' });
    const small = { ...root, tmpfs: [{ path: '/tmp', size: '1M' as const }] };
    const full = await run('/bin/sh', ['-c', 'head -c 2M /dev/zero > /tmp/fill'], {
      root: small,
      memory: '64M',
      reject: false,
    });
    expect(full).toMatchObject({ oom: null, exitCode: 1, stderr: expect.stringContaining('No space left') });
  });
});
