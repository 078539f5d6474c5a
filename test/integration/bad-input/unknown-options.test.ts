import childProcess from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import {
  createCage,
  createLauncher,
  exec,
  execFile,
  execFileSync,
  execSync,
  fork,
  prepare,
  run,
  type SharedCage,
  spawn,
  spawnSync,
} from 'memcage';
import { Cgroup, readMany } from 'memcage/cgroup';
import { diagnose } from 'memcage/machine';
import { observeCgroups } from 'memcage/otel';
import { collectCgroups } from 'memcage/prometheus';
import { mountPoint, version } from '../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { expectNoNewFds, openFds } from '../../support/processes/fds';
import { childrenOf } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

// Not imported: that would be another copy.
const replacement = require('memcage/child_process') as typeof childProcess;

/** What a caller without TypeScript may write. */
type Options = never;

/** What a call threw or rejected with, as data. */
async function refusal(call: () => unknown): Promise<{ name?: string; code?: string; message?: string }> {
  try {
    await call();
    return {};
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    return { name, message, ...(code !== undefined && { code }) };
  }
}

/** The stdout that a synchronous function returned. */
function textOf(result: Buffer | string | { stdout: Buffer | string }): string {
  return typeof result === 'object' && 'stdout' in result ? String(result.stdout) : String(result);
}

describeIf('cgroup', 'an option with a name that is not known', () => {
  let cage: SharedCage;
  let cgroup: Cgroup;
  beforeEach(() => {
    cage = createCage({ memory: '30M' });
    cgroup = Cgroup.of(process.pid);
  });
  afterEach(async () => {
    cgroup.close();
    await cage.close();
  });
  expectNothingLeft(async () => {
    await run('true', [], { memory: '10M' });
    await once(childProcess.spawn('true'), 'close');
  });

  const functions: [string, (options: Options) => unknown, object, string][] = [
    [
      'run',
      (options) => run('true', [], options),
      { memoryLimit: '10M' },
      "'memoryLimit' of run: did you mean 'memory'?",
    ],
    ['spawn', (options) => spawn('true', options), { memroy: '10M' }, "'memroy' of spawn: did you mean 'memory'?"],
    [
      'fork',
      (options) => fork('x.js', [], options),
      { maxMemory: '10M' },
      "'maxMemory' of fork: did you mean 'memory'?",
    ],
    ['exec', (options) => exec('true', options), { timeOut: 5 }, "'timeOut' of exec: did you mean 'timeout'?"],
    [
      'exec, promised',
      (options) => promisify(exec)('true', options),
      { stdio: 'pipe' },
      "'stdio' of exec. Cure: give it to spawn()",
    ],
    ['execFile', (options) => execFile('true', options), { nodeheap: '5M' }, "of execFile: did you mean 'nodeHeap'?"],
    [
      'spawnSync',
      (options) => spawnSync('true', options),
      { signal: 0 },
      "'signal' of spawnSync. Cure: give it to spawn()",
    ],
    ['execSync', (options) => execSync('true', options), { mem: '10M' }, "'mem' of execSync: did you mean 'memory'?"],
    [
      'execFileSync',
      (options) => execFileSync('true', options),
      { mem: 1 },
      "'mem' of execFileSync: did you mean 'memory'?",
    ],
    [
      'cage.run',
      (options) => cage.run('true', options),
      { rejects: false },
      "'rejects' of cage.run: did you mean 'reject'?",
    ],
    [
      'cage.spawn',
      (options) => cage.spawn('true', [], options),
      { nodeheap: 1 },
      "of cage.spawn: did you mean 'nodeHeap'?",
    ],
    ['cage.fork', (options) => cage.fork('x.js', options), { silence: true }, "of cage.fork: did you mean 'silent'?"],
    ['cage.exec', (options) => cage.exec('true', options), { heap: 1 }, "'heap' of cage.exec: cage.exec has "],
    [
      'cage.execFile',
      (options) => cage.execFile('true', [], options),
      { envs: 1 },
      "of cage.execFile: did you mean 'env'?",
    ],
    [
      'createCage',
      (options) => createCage(options),
      { memory: '9M', nodeheap: 1 },
      "of createCage: did you mean 'nodeHeap'?",
    ],
    [
      'createLauncher',
      (options) => createLauncher(options),
      { memory: '9M', cwd: '/' },
      "'cwd' of createLauncher. Cure: give it to spawn()",
    ],
    [
      'prepare',
      (options) => prepare(options),
      { guard: false },
      "'guard' of prepare: prepare has parent, systemd, guardian",
    ],
    ['diagnose', (options) => diagnose(options), { trail: true }, "'trail' of diagnose: did you mean 'trial'?"],
    [
      'Cgroup.create',
      (options) => Cgroup.create('x', options),
      { parents: '/' },
      "of Cgroup.create: did you mean 'parent'?",
    ],
    ['readMany', (options) => readMany([], options), { keepopen: true }, "of readMany: did you mean 'keepOpen'?"],
    [
      'cgroup.watch',
      (options) => cgroup.watch(options),
      { interval: 5 },
      "of cgroup.watch: did you mean 'intervalMs'?",
    ],
    [
      'cgroup.processes',
      (options) => cgroup.processes(options),
      { rss: 1 },
      "'rss' of cgroup.processes: did you mean 'pss'?",
    ],
    [
      'cgroup.setLimits',
      (options) => cgroup.setLimits(options),
      { maximum: 1 },
      "'memory.maximum' of cgroup.setLimits",
    ],
    [
      'observeCgroups',
      (options) => observeCgroups(options),
      { labels: 1 },
      "'labels' of observeCgroups: observeCgroups has meter",
    ],
    [
      'collectCgroups',
      (options) => collectCgroups(options),
      { registry: 1 },
      "of collectCgroups: did you mean 'register'?",
    ],
    [
      'cgroup.addTrigger',
      (options) => cgroup.addTrigger(options),
      { pressure: 'some', thresholdMs: 10, window: 1000 },
      "of cgroup.addTrigger: did you mean 'windowMs'?",
    ],
    [
      'cgroup.addTrigger, a level',
      (options) => cgroup.addTrigger(options),
      { pressure: 'low', modes: 'local' },
      "'modes' of cgroup.addTrigger: did you mean 'mode'?",
    ],
  ];
  testRows('is refused by every function, and nothing is made', functions, async ([, call, options, words]) => {
    const before = { fds: openFds(), children: childrenOf(process.pid) };
    expect(await refusal(() => call(options as never))).toEqual({
      name: 'TypeError',
      code: 'ERR_MEMCAGE_UNKNOWN_OPTION',
      message: expect.stringContaining(words) as string,
    });
    expect(childrenOf(process.pid)).toEqual(before.children);
    await expectNoNewFds(before.fds);
  });

  testRows<[object, string]>(
    'is refused within an option too',
    [
      [{ memory: { limit: '10M' } }, "'memory.limit' of run: did you mean 'memory.max'?"],
      [{ memory: { colour: '10M' } }, "'memory.colour' of run: memory has max, swap"],
      [{ memory: { Max: '10M' } }, "'memory.Max' of run: did you mean 'memory.max'?"],
      [{ memory: { max: '10M', toString: '1M' } }, "'memory.toString' of run"],
      [{ memory: { max: '10M', constructor: 1 } }, "'memory.constructor' of run"],
      [{ namespaces: { mnt: true } }, "'namespaces.mnt' of run: did you mean 'namespaces.mount'?"],
      [{ namespaces: { network: true } }, "'namespaces.network' of run: did you mean 'namespaces.net'?"],
      [{ namespaces: { PID: true } }, "'namespaces.PID' of run: did you mean 'namespaces.pid'?"],
      [{ namespaces: { toString: true } }, "'namespaces.toString' of run"],
      [{ namespaces: { uts: { name: 'x' } } }, "'namespaces.uts.name' of run: namespaces.uts has hostname"],
      [{ namespaces: { pid: { int: true } } }, "'namespaces.pid.int' of run: did you mean 'namespaces.pid.init'?"],
      [{ namespaces: { user: { root: true } } }, "'namespaces.user.root' of run"],
    ],
    async ([options, words]) => {
      expect(await refusal(() => run('true', options as never))).toMatchObject({
        code: 'ERR_MEMCAGE_UNKNOWN_OPTION',
        message: expect.stringContaining(words) as string,
      });
    },
  );

  test('goes through memcage/child_process, but for a likely slip for one of memcage’s', async () => {
    const library = { preferLocal: true, cache: 1, timeOut: 5 } as object;
    await once(replacement.spawn('true', [], library), 'close');
    expect(replacement.spawnSync('true', [], library).status).toBe(0);
    expect(String(replacement.execFileSync('echo', ['x'], library))).toBe('x\n');
    expect(String(replacement.execSync('echo x', library))).toBe('x\n');
    await promisify(replacement.execFile)('true', [], library);
    await promisify(replacement.exec)('true', library);
    for (const [slip, meant] of [
      [{ memory_limit: '10M' }, 'memory'],
      [{ tmpfs: ['/tmp'] }, 'root'],
      [{ readOnly: true }, 'root'],
      [{ hide: ['/home'] }, 'root'],
    ] as [object, string][])
      for (const call of [
        () => replacement.spawn('true', slip),
        () => replacement.fork('x.js', slip),
        () => replacement.exec('true', slip),
        () => replacement.execFile('true', slip),
        () => replacement.spawnSync('true', slip),
        () => replacement.execFileSync('true', slip),
        () => replacement.execSync('true', slip),
      ]) {
        expect(await refusal(call)).toMatchObject({
          code: 'ERR_MEMCAGE_UNKNOWN_OPTION',
          message: expect.stringContaining(`did you mean '${meant}'?`) as string,
        });
      }
  });

  test('is left to Node in its own functions within contain()', async () => {
    const options = { memory_limit: '10M', memroy: 1 } as object;
    const child = cage.contain(() => childProcess.spawn('cat', ['/proc/self/cgroup'], options));
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(child, 'close');
    expect(Buffer.concat(chunks).toString()).toContain(cage.cgroup.path.split('/').at(-1));
    expect(cage.contain(() => childProcess.spawnSync('true', options)).status).toBe(0);
  });

  /** Every way in which an object can have a property that `{ ...object }` lacks. */
  const inheriting = (options: object): object[] => {
    class OfClass {}
    for (const [name, value] of Object.entries(options)) {
      Object.defineProperty(OfClass.prototype, name, { get: () => value as unknown, configurable: true });
    }
    return [Object.create(options) as object, new OfClass()];
  };

  test('is refused also where it is inherited, or of a class', async () => {
    for (const options of inheriting({ memoryLimit: '8M' }) as Options[]) {
      const calls = [
        () => run('true', [], options),
        () => spawn('true', [], options),
        () => execSync('true', options),
        () => spawnSync('true', [], options),
        () => cage.run('true', [], options),
        () => cage.spawn('true', [], options),
        () => replacement.execSync('true', options),
        () => createCage(options),
        () => createLauncher(options),
      ];
      for (const call of calls) {
        const { code, message } = await refusal(call);
        expect([String(call), code, message]).toEqual([
          String(call),
          'ERR_MEMCAGE_UNKNOWN_OPTION',
          expect.stringContaining("did you mean 'memory'?"),
        ]);
      }
    }
  });

  test('a known one counts where it is inherited, or of a class', async () => {
    const file = version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
    const command = `cat ${mountPoint('memory')}$(sed -n 's/^[0-9]*:${version === 1 ? '[^:]*memory[^:]*' : ''}://p' /proc/self/cgroup)/${file}`;
    const limit = String(8 * 2 ** 20);
    for (const options of inheriting({ memory: '8M', encoding: 'utf8' }) as Options[]) {
      const { stdout } = await run('sh', ['-c', command], options);
      expect((stdout as string).trim()).toBe(limit);
      expect(await cage.run('sh', ['-c', command], options)).toMatchObject({ memory: { limitBytes: Number(limit) } });
      expect(String(execSync(command, options)).trim()).toBe(limit);
      expect(String(replacement.execSync(command, options)).trim()).toBe(limit);
      expect(String(spawnSync('sh', ['-c', command], options).stdout).trim()).toBe(limit);
    }
    for (const namespaces of inheriting({ pid: true })) {
      const { stdout } = await run('sh', ['-c', 'echo $$'], { namespaces });
      expect(stdout).toBe('1\n');
    }
    for (const namespaces of inheriting({ pid: 'no' }) as Options[]) {
      expect(await refusal(() => run('true', [], { namespaces }))).toMatchObject({
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
      });
    }
  });

  test('what is Node’s is inherited no more than by Node', () => {
    for (const node of inheriting({ cwd: '/', encoding: 'utf8' }) as Options[]) {
      const options = Object.assign(Object.create(node) as object, { memory: '8M' }) as Options;
      const expected = [childProcess.spawnSync('pwd', [], node), childProcess.execSync('pwd', node)].map(textOf);
      expect([spawnSync('pwd', [], options), execSync('pwd', options)].map(textOf)).toEqual(expected);
      expect([replacement.spawnSync('pwd', [], options), replacement.execSync('pwd', options)].map(textOf)).toEqual(
        expected,
      );
    }
  });

  test('is one of where to live, for a function of a cage; and lists are no options', async () => {
    const place = await refusal(() => cage.run('true', [], { cage } as Options));
    expect(place).toMatchObject({
      code: 'ERR_MEMCAGE_UNKNOWN_OPTION',
      message: expect.stringMatching(/'cage' of cage\.run/) as string,
    });
    for (const list of [[], new Map([['max', '8M']])] as Options[]) {
      for (const call of [() => run('true', [], { memory: list }), () => prepare(list), () => Cgroup.create('x', list)])
        expect(await refusal(call)).toMatchObject({ name: 'TypeError', code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
    }
  });
});
