import { type ChildProcess, spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { createCage, type SharedCage, spawn, spawnSync } from 'memcage';
import { fixture, said } from '../../../support/cage-kinds';
import { starts } from '../../../support/children/starts';
import { starterOf, startersOf } from '../../../support/native/starters';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { stateOf } from '../../../support/processes/processes';
import { seedOf } from '../../../support/random';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(120_000));

const STARTS = starts(600);
/** More than a socket holds that nobody reads. */
const LARGE = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`LARGE${i}`, 'x'.repeat(100_000)]));

describeIf('cgroup', 'a starter that somebody', () => {
  let cage: SharedCage;
  let striking: ChildProcess | undefined;
  beforeEach(() => {
    cage = createCage({ memory: '100M' });
    // There is a starter from now on, whatever the test before has done to it.
    expect(endOf(['true'])).toBe('exit 0');
  });
  afterEach(async () => {
    await endStrikes();
    await cage.close();
  });
  expectNothingLeft(async () => {
    const first = createCage({ memory: '100M' });
    await first.run('true');
    await first.close();
  });

  /** The median of some. */
  function startMs(): number {
    const times = Array.from({ length: 9 }, () => {
      const from = performance.now();
      expect(endOf(['true'])).toBe('exit 0');
      return performance.now() - from;
    });
    return times.sort((a, b) => a - b)[4] ?? 0;
  }

  /** As fast as this machine starts children now: faster ones would strike each start. */
  async function strike(): Promise<void> {
    const args = [fixture('../start/starter/strike.js'), String(process.pid), String(seedOf()), String(startMs())];
    striking = nodeSpawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await said(striking as never, 'done');
  }

  async function endStrikes(): Promise<void> {
    if (striking === undefined) return;
    const exit = once(striking, 'exit');
    striking.kill('SIGKILL');
    await exit;
    striking = undefined;
  }

  /** What comes of a start of each kind. Their true ends are the kinds' names. */
  const KINDS: Readonly<Record<string, readonly [string, ...string[]]>> = {
    'exit 0': ['true'],
    'exit 3': ['sh', '-c', 'exit 3'],
    SIGTERM: ['sh', '-c', 'kill $$'],
    ENOENT: ['/no/such/program'],
    EACCES: ['/dev/null'],
  };

  function endOf([file, ...args]: readonly [string, ...string[]]): string {
    const { status, signal, error } = spawnSync(file, args, { cage, stdio: 'ignore' });
    return (error as NodeJS.ErrnoException | undefined)?.code ?? signal ?? `exit ${status}`;
  }

  test('kills at any moment costs no start its true outcome', async () => {
    const unstruck = await starterOf(process.pid);
    await strike();
    const ends: Record<string, number> = {};
    for (let i = 0; i < STARTS; i += 1) {
      const [kind = '', command = ['true'] as const] = Object.entries(KINDS)[i % Object.keys(KINDS).length] ?? [];
      const end = `${kind}: ${endOf(command)}`;
      ends[end] = (ends[end] ?? 0) + 1;
    }
    await endStrikes();
    // Until exec a child looks like its starter, so that it is struck, too.
    const isTrue = ([end]: [string, number]): boolean => /^(.*): (\1|SIGKILL|EAGAIN)$/.test(end);
    expect(Object.entries(ends).filter((end) => !isTrue(end))).toEqual([]);
    // Two in a row may be killed before they have done anything.
    const spoilt = Object.entries(ends).filter(([end]) => /SIGKILL|EAGAIN$/.test(end));
    expect(spoilt.reduce((sum, [, count]) => sum + count, 0)).toBeLessThan(STARTS / 2);
    expect(startersOf(process.pid)).not.toContain(unstruck);
    expect(endOf(['true'])).toBe('exit 0');
  });

  test('kills between two starts is replaced', async () => {
    for (let i = 0; i < 3; i += 1) {
      const starter = await starterOf(process.pid);
      process.kill(starter, 'SIGKILL');
      await until('it is dead', () => stateOf(starter) === 'Z');
      expect(endOf(['true'])).toBe('exit 0');
      expect(startersOf(process.pid)).not.toContain(starter);
    }
  });

  test.each([
    ['', {}],
    [', with more to read than the socket holds', LARGE],
  ])('has stopped starts a child%s, soon', async (_, env) => {
    const starter = await starterOf(process.pid);
    process.kill(starter, 'SIGSTOP');
    const from = performance.now();
    const { status } = spawnSync('true', [], { cage, stdio: 'ignore', env: { ...process.env, ...env } });
    expect(status).toBe(0);
    expect(performance.now() - from).toBeLessThan(patience(3000));
  });

  test('kills has no part in the end of a detached child', async () => {
    const child = spawn('sh', ['-c', 'read -r _; ps -o sid= -p $$'], {
      cage,
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const output = text(child.stdout);
    const starter = await starterOf(process.pid);
    process.kill(starter, 'SIGKILL');
    await until('it is dead', () => stateOf(starter) === 'Z');
    child.stdin.end('\n');
    expect(await child.outcome).toMatchObject({ exitCode: 0, signal: null });
    expect(Number(await output)).toBe(child.pid);
    expect(endOf(['true'])).toBe('exit 0');
  });
});
