import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { createCage, type SharedCage, type SpawnSyncOptions, spawnSync } from 'memcage';
import { starterOf, startersOf } from '../../../support/native/starters';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

const SECRET = 'a-secret-of-one-child';

/** Whether a text is anywhere in the memory of a process. */
function holds(pid: number, text: string): boolean {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8')
      .split('\n')
      .map((line) => /^([0-9a-f]+)-([0-9a-f]+) r.*?(\[vvar.*\]|\[vsyscall\])?$/.exec(line))
      .some((range) => {
        const [, from = '', to = '', special] = range ?? [];
        if (range === null || special !== undefined) return false;
        const bytes = Buffer.alloc(Number.parseInt(to, 16) - Number.parseInt(from, 16));
        readSync(memory, bytes, 0, bytes.length, Number.parseInt(from, 16));
        return bytes.includes(text);
      });
  } finally {
    closeSync(memory);
  }
}

describeIf(['cgroup', 'root'], 'between two starts, the starter', () => {
  let cage: SharedCage;
  let starter: number;
  beforeEach(async () => {
    cage = createCage({ memory: '100M' });
    spawnSync('true', [], { cage });
    starter = await starterOf(process.pid);
  });
  afterEach(() => cage.close());
  expectNothingLeft(async () => {
    const first = createCage({ memory: '100M' });
    await first.run('true');
    await first.close();
  });

  testRows<[what: string, options: SpawnSyncOptions, file?: string]>(
    'has no fd but its own, and nothing of the children',
    [
      ['one with pipes', {}],
      ['one with many', { stdio: Array<'pipe'>(300).fill('pipe') }],
      ['one with namespaces', { namespaces: { pid: true, mount: true, uts: true } }],
      ['one of another user', { uid: 65534, gid: 65534 }],
      ['one that fails', {}, '/no/such/program'],
      ['one that fails among many', { stdio: Array<'pipe'>(300).fill('pipe') }, '/no/such/program'],
    ],
    ([, options, file = 'true']) => {
      spawnSync(file, [SECRET], { cage, env: { ...process.env, SECRET }, ...options });
      expect(startersOf(process.pid)).toEqual([starter]);
      const fds = readdirSync(`/proc/${starter}/fd`).map((fd) => readlinkSync(`/proc/${starter}/fd/${fd}`));
      const kinds = fds.map((target) => target.replace(/:\[\d+\]$/, ''));
      expect(kinds.sort()).toEqual([
        ...['/dev/null', '/dev/null', '/dev/null'],
        ...['/memfd:memcage-starter (deleted)', 'anon_inode:[pidfd]', 'socket'],
      ]);
      expect(holds(starter, SECRET)).toBe(false);
    },
    { name: ([what]) => what },
  );

  test('has none of the environment of this process', async () => {
    expect(readFileSync(`/proc/${starter}/environ`, 'utf8')).toBe('');
    process.env['MEMCAGE_TEST_SECRET'] = SECRET;
    try {
      process.kill(starter, 'SIGKILL');
      spawnSync('true', [], { cage, env: {} });
      const next = await starterOf(process.pid);
      expect(next).not.toBe(starter);
      expect(holds(next, SECRET)).toBe(false);
    } finally {
      delete process.env['MEMCAGE_TEST_SECRET'];
    }
  });
});
