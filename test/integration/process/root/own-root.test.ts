import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { type RootOptions, run, spawn, spawnSync, whyUnsupported } from 'memcage';
import { withCode } from '../../../support/error-code';
import { temporaryDirectory } from '../../../support/native/native-child';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { inChroot } from '../../../support/roots/chroot';
import { ownMounts } from '../../../support/roots/root-directory';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(30_000));

let directory: string;

async function sh(script: string, root: RootOptions, cwd = directory) {
  return (await run('sh', ['-c', script], { root, cwd })).stdout.trimEnd();
}

describeIf(['root', 'cgroup', 'root-read-only'], "this machine's root, changed", () => {
  expectNothingLeft(() => run('true', { memory: '100M' }));
  let before: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-own-root-'));
    mkdirSync(join(directory, 'data'));
    writeFileSync(join(directory, 'secret'), 'secret');
    writeFileSync(join(directory, 'data/file'), 'data');
    before = ownMounts();
  });
  afterEach(() => {
    expect(ownMounts()).toBe(before);
    rmSync(directory, { recursive: true });
  });

  test('read-only, but for what is bound', async () => {
    const script = 'for d in . data; do touch $d/new 2>/dev/null && echo $d; done; pwd; id -u';
    const data = join(directory, 'data');
    expect(await sh(script, { readOnly: true, binds: [{ source: data, target: data }] })).toBe(`data\n${directory}\n0`);
    expect(await sh('touch new && ls', {})).toBe('data\nnew\nsecret');
  });

  test('a read-only bind within what can be written to', async () => {
    const data = join(directory, 'data');
    const script = 'for d in . data; do touch $d/new 2>/dev/null && echo $d; done; cat data/file';
    expect(await sh(script, { binds: [{ source: data, target: data, readOnly: true }] })).toBe('.\ndata');
  });

  test('no new rights, unless they are asked for', async () => {
    const root = { tmpfs: ['/etc'] };
    const held = async (options: object) =>
      (await run('grep', ['NoNewPrivs', '/proc/self/status'], { root, ...options })).stdout.trim().at(-1);
    expect(await held({})).toBe('1');
    expect(await held({ privileges: { capabilities: [] } })).toBe('1');
    expect(spawnSync('grep', ['NoNewPrivs:\t1', '/proc/self/status'], { root }).status).toBe(0);
    expect(await held({ privileges: { noNewPrivileges: false } })).toBe('0');
  });

  test('a file over a file', async () => {
    const from = join(directory, 'data/file');
    expect(await sh('cat secret', { binds: [{ source: from, target: join(directory, 'secret') }] })).toBe('data');
    expect(readFileSync(join(directory, 'secret'), 'utf8')).toBe('secret');
    await expect(sh('true', { binds: [{ source: from, target: directory }] })).rejects.toThrow(
      withCode('MOUNT', `root.binds[0]: ${from} on ${directory} could not be given its place`),
    );
  });

  test('hidden files and directories', async () => {
    const script = 'wc -c < secret; ls -A data | wc -l; touch data/new 2>/dev/null || echo read-only';
    const hide = ['secret', 'data', 'absent'].map((name) => join(directory, name));
    expect(await sh(script, { hide })).toBe('0\n0\nread-only');
    expect(readFileSync(join(directory, 'secret'), 'utf8')).toBe('secret');
  });

  test('what is hidden or covered is so until somebody outside puts something else in its place', async () => {
    const at = (name: string) => join(directory, name);
    for (const name of ['around', 'moved']) mkdirSync(at(name));
    for (const name of ['cover', 'removed', 'around/file']) writeFileSync(at(name), `${name}\n`);
    const hide = ['secret', 'removed', 'around', 'moved'].map(at);
    const script = 'look() { echo "$(cat secret data/file removed; ls around moved)"; }; look; read go; look';
    const root = { hide, binds: [{ source: at('cover'), target: at('data/file') }] };
    const child = spawn('sh', ['-c', script], { root, cwd: directory });
    const stdout = child.stdout as Readable;
    expect(String((await once(stdout, 'data'))[0])).toBe('cover\naround:\n\nmoved:\n');
    for (const name of ['secret', 'data/file', 'around/file']) {
      writeFileSync(at('new'), `${name} `);
      renameSync(at('new'), at(name));
    }
    rmSync(at('removed'));
    writeFileSync(at('removed'), 'removed\n');
    renameSync(at('moved'), at('away'));
    mkdirSync(at('moved'));
    writeFileSync(at('moved/file'), '');
    const rest = text(stdout);
    child.stdin?.end('\n');
    // What comes and goes in a hidden directory is still hidden.
    expect(await rest).toBe('secret data/file removed\naround:\n\nmoved:\nfile\n');
  });

  test('a covered /dev does not keep a stream from being ignored', async () => {
    for (const root of [{ hide: ['/dev'] }, { tmpfs: ['/dev'] }]) {
      expect(await sh('ls /dev; cat; echo read', root)).toBe('read');
      expect(spawnSync('cat', { root, stdio: ['ignore', 'pipe', 'pipe'] }).status).toBe(0);
    }
  });

  test('a link does not keep what it leads to from being hidden', async () => {
    mkdirSync(join(directory, 'links'));
    await run('ln', ['-s', '../secret', join(directory, 'links/relative')]);
    await run('ln', ['-s', `${'../'.repeat(20)}${join(directory, 'secret').slice(1)}`, join(directory, 'links/long')]);
    for (const name of ['relative', 'long']) {
      expect(await sh('cat secret', { hide: [join(directory, 'links', name)] })).toBe('');
    }
  });

  test('the mounts of the child are not seen by others, and it sees only its processes', async () => {
    const tmpfs = [join(directory, 'data')];
    expect(await sh('touch data/inside; ls data; echo /proc/[0-9]*', { tmpfs })).toBe('inside\n/proc/1 /proc/2');
    expect(readFileSync(join(directory, 'data/file'), 'utf8')).toBe('data');
  });

  test('a working directory that is covered is told from a missing program', async () => {
    await expect(sh('true', { tmpfs: [directory] }, join(directory, 'data'))).rejects.toThrow(
      withCode('MOUNT', `The child can't begin in ${directory}/data (ENOENT)`),
    );
  });

  test('it is foreseen', () => {
    expect(whyUnsupported({ root: { readOnly: true, tmpfs: ['/tmp'] } })).toBeNull();
    expect(whyUnsupported({ root: { path: join(directory, 'none') } })).toMatchObject({
      code: 'ERR_MEMCAGE_MOUNT',
      message: expect.stringContaining(`there is no ${directory}/none`) as string,
    });
    expect(() => whyUnsupported({ root: { ro: true } as never })).toThrow(withCode('UNKNOWN_OPTION'));
    expect(() => whyUnsupported({ root: {}, namespaces: { mount: false } })).toThrow(withCode('INVALID_ARGUMENT'));
  });
});

const CHECKOUT = join(__dirname, '../../../..');

describeIf('root', 'in a chroot', () => {
  let directory: string;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  testRows(
    'a child has a root of its own, which is that of its mount namespace',
    [{}, { isMount: true }, { isMount: true, isShared: true }],
    async (chroot) => {
      const inside = '[ "$(echo /*)" = "$(nsenter --mount=/proc/self/ns/mnt sh -c "echo /*")" ] && echo /srv* /etc/*';
      const script = `
        const { run, spawnSync } = require(${JSON.stringify(CHECKOUT)});
        const options = { cwd: '/', root: { tmpfs: ['/etc'] }, namespaces: { user: false } };
        const args = ['-c', ${JSON.stringify(inside)}];
        process.stdout.write(spawnSync('sh', args, options).stdout);
        run('sh', args, options).then(({ stdout }) => process.stdout.write(stdout));`;
      const [file, ...args] = inChroot(directory, CHECKOUT, chroot);
      const { stdout } = await promisify(execFile)(file, [...args, process.execPath, '-e', script]);
      expect(stdout).toBe('/srv* /etc/*\n'.repeat(2));
    },
    { name: (chroot) => Object.keys(chroot).join(' ') },
  );
});
