import { ChildProcess, spawn as stockSpawn, spawnSync as stockSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  createCage,
  createLauncher,
  createWarmPool,
  exec,
  execFile,
  fork,
  type Outcome,
  run,
  spawn,
  spawnSync,
} from 'memcage';
import { readNumber, version } from '../../support/cgroups/cgroup-tree';
import { controllerCgroup } from '../../support/cgroups/side-cgroups';
import { cagesClosedAfterEach } from '../../support/closed-after-each';
import { withCode } from '../../support/error-code';
import { kernelHas } from '../../support/kernel-version';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

/** Perl forks itself, without a shell that would try again; it writes how many forks succeeded. */
const FORKER = `
  my $made = 0;
  for (1 .. $ARGV[0]) { my $pid = fork(); last unless defined $pid; if ($pid == 0) { close STDOUT; close STDERR; sleep 60; exit } $made++ }
  print $made; `;

function forks(count: number): [string, string[]] {
  return ['perl', ['-e', FORKER, String(count)]];
}

const NONE = { pids: null, cpu: null, cpuTime: null };

/** Why a start was refused; undefined if it was not, once all of the child is gone. */
async function refusal(start: () => unknown): Promise<unknown> {
  try {
    const started = (await start()) as { outcome?: unknown } | undefined;
    if (started instanceof ChildProcess && started.exitCode === null) await once(started, 'close');
    await started?.outcome;
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The kernel records the peak since Linux 6.6. */
const hasPeak = kernelHas(6, 6);
const peakOf = (count: number): number | null => (hasPeak ? count : null);
const anyPeak = hasPeak ? expect.any(Number) : null;

describeIf(['cgroup', 'pids'], 'the limit of processes', () => {
  const make = cagesClosedAfterEach();
  expectNothingLeft(async () => {
    await run('true', { memory: '8M', pids: 3 });
  });

  test('a fork above it is refused and counted', async () => {
    const [file, args] = forks(20);
    const { stdout, limits, oom, memory } = await run(file, args, { pids: 5 });
    expect(stdout).toBe('4');
    expect(limits).toEqual({ ...NONE, pids: { limit: 5, limitHits: 1, peak: peakOf(5) } });
    expect(oom).toBeNull();
    expect(memory.limitBytes).toBe(Number.POSITIVE_INFINITY);
  });

  test('it holds from the first instruction, and the program sees it', async () => {
    const child = spawn('sleep', ['60'], { pids: 7, memory: '20M' });
    const path = controllerCgroup(child.pid as number, 'pids');
    expect(readFileSync(`${path}/pids.max`, 'utf8')).toBe('7\n');
    child.kill();
    expect((await child.outcome).limits).toEqual({ ...NONE, pids: { limit: 7, limitHits: 0, peak: peakOf(1) } });
  });

  const WAYS: Record<string, (options: { pids: number }) => Promise<Pick<Outcome, 'limits'>>> = {
    spawn: (options) => spawn('true', [], options).outcome,
    exec: (options) => exec('true', options).outcome,
    execFile: (options) => execFile('true', [], options).outcome,
    fork: (options) => fork('/dev/null', [], options).outcome,
    run: (options) => run('true', options),
    spawnSync: (options) => Promise.resolve(spawnSync('true', [], options).outcome),
    detached: (options) => spawn('true', [], { ...options, detached: true }).outcome,
    'a PID namespace': (options) => spawn('true', [], { ...options, namespaces: { pid: true } }).outcome,
    'an init': (options) => spawn('true', [], { ...options, namespaces: { pid: { init: true } } }).outcome,
  };

  testRows('every way to start a child', Object.keys(WAYS), async (name) => {
    const { limits } = (await WAYS[name]?.({ pids: 64 })) ?? {};
    expect(limits).toEqual({ ...NONE, pids: { limit: 64, limitHits: 0, peak: anyPeak } });
  });

  describe('too low for a program to begin', () => {
    const node = process.execPath;
    const script = ['-e', '0'];
    const NODE = 'Node needs 6 threads';
    const INIT = 'the init of its PID namespace is a process';

    testRows<[string, (pids: number) => unknown, number, string]>(
      'is refused, with the least that is enough',
      [
        ['fork', (pids) => fork('/dev/null', [], { pids }), 6, NODE],
        ['spawn of Node', (pids) => spawn(node, script, { pids }), 6, NODE],
        ['spawnSync of Node', (pids) => spawnSync(node, script, { pids }), 6, NODE],
        ['run of what is called node', (pids) => run('node', script, { pids }), 6, NODE],
        ['a warm pool', (pids) => createWarmPool('/dev/null', { pids, spare: 1 }).close(), 6, NODE],
        ['a shared cage', (pids) => make({ pids }).spawn(node, script), 6, NODE],
        ['each child of a cage', (pids) => make({ memory: '90M', perChild: { pids } }).spawn(node, script), 6, NODE],
        ['a cage in a cage', (pids) => make({ pids }).spawn(node, script, { memory: '60M' }), 6, NODE],
        ['contain()', (pids) => make({ pids }).contain(() => stockSpawn(node, script)), 6, NODE],
        ['an init', (pids) => spawn('true', [], { pids, namespaces: { pid: { init: true } } }), 2, INIT],
        ['a root', (pids) => spawn('true', [], { pids, root: {} }), 2, `${INIT} (root implies one)`],
        [
          'Node with an init',
          (pids) => spawn(node, script, { pids, root: {} }),
          7,
          `${NODE} to run a program, and ${INIT}`,
        ],
        ['createLauncher', (pids) => createLauncher({ pids, namespaces: { pid: { init: true } } }).close(), 2, INIT],
      ],
      async ([, start, least, why]) => {
        const refused = withCode('LIMIT_TOO_SMALL', `The limit of processes (pids), ${least - 1}, is too small`);
        const error = await refusal(() => start(least - 1));
        expect(error).toEqual(refused);
        expect(error).toMatchObject({ cure: `pids: ${least}, or more for what the program starts` });
        expect(String(error)).toContain(why);
        expect(await refusal(() => start(least))).toBeUndefined();
      },
    );

    test('is enough for Node from there on', async () => {
      expect((await run(node, ['-e', 'console.log(1)'], { pids: 6 })).stdout).toBe('1\n');
    });
  });

  test("'max' only counts", async () => {
    const [file, args] = forks(6);
    const { stdout, limits } = await run(file, args, { pids: 'max' });
    expect(stdout).toBe('6');
    expect(limits).toEqual({ ...NONE, pids: { limit: Number.POSITIVE_INFINITY, limitHits: 0, peak: peakOf(7) } });
  });

  test('without the option, nothing is reported', async () => {
    expect((await run('true', { memory: '8M' })).limits).toEqual(NONE);
    expect((await run('true')).limits).toEqual(NONE);
  });

  test('it holds for all children of a shared cage together', async () => {
    const cage = make({ pids: 3 });
    const children = [1, 2, 3].map(() => cage.spawn('sleep', ['60']));
    const late = cage.spawn('sleep', ['60']);
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => late.once('error', resolve));
    expect(error).toMatchObject({ code: 'EAGAIN', syscall: 'spawn sleep' });
    expect(late.pid).toBeUndefined();
    children[0]?.kill();
    await children[0]?.outcome;
    const next = cage.spawn('true');
    expect(await next.outcome).toMatchObject({ exitCode: 0, limits: { pids: { limit: 3 } } });
  });

  test('through the launcher too, for which the kernel does not look', async () => {
    const cage = make({ pids: 2 });
    await using launcher = createLauncher({ cage });
    const first = cage.spawn('sleep', ['60']);
    const start = (count: number) =>
      stockSync(launcher.file, [...launcher.args, 'sh', '-c', `${'sleep 0.01 & '.repeat(count)}wait; echo all`]);
    expect(start(0).stdout.toString()).toBe('all\n');
    expect(start(1).stdout.toString()).not.toBe('all\n');
    const second = cage.spawn('sleep', ['60']);
    const refused = start(0);
    expect(refused.stderr.toString()).toContain('pids.max: Resource temporarily unavailable (cgroup)');
    expect(refused.status).toBe(125);
    expect(refused.stdout.toString()).toBe('');
    for (const child of [first, second]) child.kill();
  });

  test('perChild limits each child, whatever starts it', async () => {
    const cage = make({ memory: '200M', perChild: { memory: '50M', pids: 3 } });
    const [file, args] = forks(10);
    const own = await cage.run(file, args);
    expect(own.stdout).toBe('2');
    expect(own).toMatchObject({ memory: { limitBytes: 50 * 2 ** 20 }, limits: { pids: { limit: 3, limitHits: 1 } } });
    const contained = cage.contain(() => stockSync(file, args));
    expect(contained.stdout.toString()).toBe('2');
    const lower = await cage.run(file, args, { pids: 2 });
    expect([lower.stdout, lower.limits.pids?.limit]).toEqual(['1', 2]);
    const higher = await cage.run(file, args, { pids: 50, memory: '100M' });
    expect([higher.stdout, higher.limits.pids?.limit, higher.memory.limitBytes]).toEqual(['2', 3, 50 * 2 ** 20]);
    const inner = cage.contain(() => make({ memory: '100M' }));
    expect((await inner.run(file, args)).stdout).toBe('2');
  });

  test('a child killed at perChild.memory was killed by its own limit', async () => {
    const cage = make({ memory: '200M', perChild: { memory: '30M' } });
    const { oom } = await cage.run('dd', ['if=/dev/zero', 'of=/dev/null', 'bs=60M', 'count=1'], { reject: false });
    expect(oom).toMatchObject({ cause: 'limit', limitBytes: 30 * 2 ** 20 });
  });

  test('setLimits() changes it, in a cage that was made with one', async () => {
    const cage = make({ pids: 'max', memory: '100M' });
    const first = cage.spawn('sleep', ['60']);
    // Where all children of the cage count: on v2 the leaf is below it.
    const own = controllerCgroup(first.pid as number, 'pids');
    const side = version === 1 ? own : dirname(own);
    first.kill();
    await first.outcome;
    cage.setLimits({ pids: 2, memory: '50M' });
    expect(cage.cgroup.limits().max).toBe(50 * 2 ** 20);
    const [file, args] = forks(5);
    expect((await cage.run(file, args)).stdout).toBe('1');
    cage.setLimits({ pids: 4 });
    // Killed orphans count until somebody has reaped them.
    await until('all are reaped', () => readNumber(side, 'pids.current') === 0);
    expect((await cage.run(file, args)).stdout).toBe('3');
    const without = make({ memory: '100M' });
    expect(() => without.setLimits({ memory: '50M', pids: 5 })).toThrow(
      expect.objectContaining({ code: 'ERR_MEMCAGE_UNSUPPORTED' }),
    );
    // It is refused as a whole.
    expect(without.cgroup.limits().max).toBe(100 * 2 ** 20);
    expect(() => cage.setLimits({ pid: 5 } as object)).toThrow("did you mean 'pids'");
  });

  testRows<[Parameters<typeof spawn>[2], RegExp]>(
    'what is no limit',
    [
      [{ pids: 0 }, /from 1 to 4194304, or 'max' for pids but received 0/],
      [{ pids: 1.5 }, /for pids/],
      [{ pids: '64' as 'max' }, /for pids but received '64' of type string/],
      [{ tasksMax: 5 } as object, /did you mean 'pids'/],
    ],
    ([options, message]) => {
      expect(() => spawn('true', [], options)).toThrow(message);
      const within = new RegExp(message.source.replace("'pids'", "'perChild.pids'"));
      expect(() => createCage({ memory: '8M', perChild: options } as never)).toThrow(within);
    },
  );

  test('a cage around holds too', async () => {
    const outer = make({ pids: 4 });
    const inner = outer.contain(() => make({ memory: '50M', pids: 50 }));
    const [file, args] = forks(10);
    const { stdout, limits } = await inner.run(file, args);
    expect(stdout).toBe('3');
    expect(limits.pids?.limit).toBe(50);
  });
});
