import childProcess, { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  createCage,
  createLauncher,
  exec,
  fork,
  type RunOptions,
  run,
  type SharedCage,
  type Size,
  spawn,
  spawnSync,
} from 'memcage';
import { drawn } from '../../support/drawn';
import { withCode } from '../../support/error-code';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

jest.setTimeout(patience(60_000));

const MIB = 1024 ** 2;
const fixture = (name: string): string => resolve(__dirname, '../../fixtures/process', name);
const TELL = fixture('tell.js');
const LEAK = fixture('leak.js');

interface Facts {
  constrained: number;
  options: string | null;
  execArgv: string[];
  heapMiB: number;
}

/** The heap limit that V8 makes of the option: it adds the young generation, up to 48 MiB below a limit of 1 GiB. */
const about = (mebibytes: number) => ({
  asymmetricMatch: (heapMiB: number) => heapMiB >= mebibytes && heapMiB <= mebibytes + (mebibytes < 256 ? 16 : 48),
});

async function told(options: RunOptions, args: string[] = [], file = process.execPath): Promise<Facts> {
  const { stdout } = await run(file, [...args, TELL], options);
  return JSON.parse(stdout as string) as Facts;
}

const NOTHING_SET = { options: null, execArgv: [] };
const set = (mebibytes: number) => ({
  options: `--max-old-space-size=${mebibytes}`,
  execArgv: [],
  heapMiB: about(mebibytes),
});

describeIf('cgroup', 'the heap of a Node child', () => {
  const cages: SharedCage[] = [];
  const make = (...args: Parameters<typeof createCage>): SharedCage => {
    const cage = createCage(...args);
    cages.push(cage);
    return cage;
  };
  afterEach(async () => {
    await Promise.all(cages.splice(0).map((cage) => cage.close()));
  });
  const inherited = process.env['NODE_OPTIONS'];
  beforeAll(() => {
    delete process.env['NODE_OPTIONS'];
  });
  afterAll(() => {
    if (inherited !== undefined) process.env['NODE_OPTIONS'] = inherited;
  });
  expectNothingLeft(async () => {
    await run('true', [], { memory: '50M' });
    await make({ memory: '50M' }).close();
  });

  describe('process.constrainedMemory() is the limit of its cage, and its heap fits in', () => {
    testRows(
      'of each size',
      [64, 100, 256, 1024],
      async (mebibytes) => {
        const heap = mebibytes / 2;
        expect(await told({ memory: `${mebibytes}M` })).toEqual({ constrained: mebibytes * MIB, ...set(heap) });
      },
      { limitMs: 60_000 },
    );

    test('fork', async () => {
      const child = fork(TELL, { memory: '100M' });
      expect((await once(child, 'message'))[0]).toEqual({ constrained: 100 * MIB, ...set(50) });
      expect(await child.outcome).toMatchObject({ exitCode: 0, nodeHeap: { limitBytes: 50 * MIB, exhausted: 'no' } });
    });

    test('spawnSync', () => {
      const { stdout, outcome } = spawnSync(process.execPath, [TELL], { memory: '100M', encoding: 'utf8' });
      expect(JSON.parse(stdout)).toEqual({ constrained: 100 * MIB, ...set(50) });
      expect(outcome.nodeHeap).toEqual({ limitBytes: 50 * MIB, exhausted: 'no' });
    });

    test('in a cage of many, also when others start it', async () => {
      const cage = make({ memory: '100M' });
      const expected = { constrained: 100 * MIB, ...set(50) };
      expect(JSON.parse((await cage.run('node', [TELL])).stdout)).toEqual(expected);
      const contained = await cage.contain(() => promisify(childProcess.execFile)(process.execPath, [TELL]));
      expect(JSON.parse(contained.stdout)).toEqual(expected);
      expect(JSON.parse(cage.contain(() => childProcess.execFileSync('node', [TELL], { encoding: 'utf8' })))).toEqual(
        expected,
      );
    });

    test('in a cage within a smaller one', async () => {
      const outer = make({ memory: '100M' });
      const facts = await outer.contain(() => told({ memory: '500M' }));
      expect(facts).toEqual({ constrained: 500 * MIB, ...set(50) });
    });

    test('as the first process of a PID namespace', async () => {
      const namespaces = { pid: true, mount: true };
      expect(await told({ memory: '100M', namespaces })).toEqual({ constrained: 100 * MIB, ...set(50) });
    });
  });

  describe('a program that takes more than it may', () => {
    const leak = (kind: string, memory: Size, options: RunOptions = {}) =>
      run(process.execPath, [LEAK, kind], { memory, reject: false, ...options });

    testRows(
      'of JavaScript objects, it ends by V8’s own error',
      drawn<Size>(['64M', '100M', '256M'], 1, 'objects'),
      async (memory) => {
        const { signal, exitCode, oom, nodeHeap, stderr, memory: report } = await leak('objects', memory);
        expect(stderr).toContain('JavaScript heap out of memory');
        expect({ signal, exitCode, oom, exhausted: nodeHeap?.exhausted }).toEqual({
          signal: 'SIGABRT',
          exitCode: null,
          oom: null,
          exhausted: 'likely',
        });
        expect(report?.peakBytes ?? 0).toBeLessThan(report?.limitBytes ?? 0);
      },
      { limitMs: 60_000 },
    );

    describe('in a cgroup namespace, where it does not find the limit', () => {
      const namespaces = { cgroup: true };
      const heap = { options: '--max-old-space-size=50 --max-semi-space-size=1', heapMiB: about(50) };

      testRows(
        'of JavaScript objects, it ends by V8’s own error',
        drawn<Size>(['64M', '100M', '256M'], 1, 'objects in a namespace'),
        async (memory) => {
          const { signal, oom, nodeHeap } = await leak('objects', memory, { namespaces });
          expect({ signal, oom, exhausted: nodeHeap?.exhausted }).toEqual({
            signal: 'SIGABRT',
            oom: null,
            exhausted: 'likely',
          });
        },
        { limitMs: 60_000 },
      );

      test('V8 has the young generation that it takes by itself elsewhere', async () => {
        expect(await told({ memory: '100M', namespaces })).toMatchObject(heap);
        const options = { memory: '100M', namespaces, encoding: 'utf8' } as const;
        expect(JSON.parse(spawnSync(process.execPath, [TELL], options).stdout)).toMatchObject(heap);
      });
    });

    test('of Buffers, it is killed at the limit of the cage', async () => {
      expect(await leak('buffers', '64M')).toMatchObject({
        signal: 'SIGKILL',
        oom: { cause: 'limit', kills: 1 },
        nodeHeap: { limitBytes: 32 * MIB, exhausted: 'no' },
      });
    });

    test('in a thread, that ends by an error that the program sees', async () => {
      const { stdout, exitCode, oom } = await leak('worker', '100M');
      expect({ stdout, exitCode, oom }).toEqual({ stdout: 'ERR_WORKER_OUT_OF_MEMORY', exitCode: 0, oom: null });
    });

    test('without the limit the kernel kills it, with nothing said', async () => {
      const { signal, oom, nodeHeap, stderr } = await leak('objects', '64M', { nodeHeap: false });
      expect({ signal, oom, nodeHeap, stderr }).toMatchObject({
        signal: 'SIGKILL',
        oom: { cause: 'limit', kills: 1 },
        nodeHeap: null,
        stderr: '',
      });
    });

    test('run() says what is likely, and so does a shell’s exit code', async () => {
      await expect(run('node', [LEAK, 'objects'], { memory: '64M' })).rejects.toThrow(
        /ended by SIGABRT, most likely at the limit of its JavaScript heap: 32 MiB, half of the memory limit of 64 MiB\. Cure: a higher memory, or nodeHeap: '44M'/,
      );
      const child = exec(`'${process.execPath}' '${LEAK}' objects; exit $?`, { memory: '64M', nodeHeap: 'auto' });
      expect(await child.outcome).toMatchObject({
        exitCode: 134,
        nodeHeap: { limitBytes: 32 * MIB, exhausted: 'likely' },
      });
    });
  });

  test('an abort for another reason is not said to be the heap’s', async () => {
    const options = { memory: '500M', reject: false } as const;
    const { signal, nodeHeap } = await run('node', ['-e', 'process.abort()'], options);
    expect({ signal, nodeHeap }).toEqual({
      signal: 'SIGABRT',
      nodeHeap: { limitBytes: 250 * MIB, exhausted: 'unknown' },
    });
  });

  test('as pid 1 an abort looks like a crash', async () => {
    const options = { memory: '100M', namespaces: { pid: true }, reject: false } as const;
    const { nodeHeap } = await run('node', ['-e', 'process.abort()'], options);
    expect(nodeHeap?.exhausted).toBe('unknown');
    const ended = await run('node', ['-e', 'process.abort()'], { ...options, namespaces: { pid: { init: true } } });
    expect(ended.signal).toBe('SIGABRT');
  });

  describe('is left alone', () => {
    test('with false, without a cage, and without a limit', async () => {
      expect(await told({ memory: '100M', nodeHeap: false })).toMatchObject(NOTHING_SET);
      expect(await told({})).toMatchObject(NOTHING_SET);
      expect(await told({ memory: 'max' })).toMatchObject(NOTHING_SET);
      expect((await run(process.execPath, ['-e', ''], { memory: 'max' })).nodeHeap).toBeNull();
    });

    test('where the caller has chosen one', async () => {
      const env = { ...process.env, NODE_OPTIONS: '--no-warnings --max-old-space-size=50' };
      expect(await told({ memory: '100M', env })).toMatchObject({ options: env.NODE_OPTIONS, heapMiB: about(50) });
      expect(await told({ memory: '100M' }, ['--max-old-space-size=70'])).toMatchObject({
        options: null,
        heapMiB: about(70),
      });
      const child = fork(TELL, { memory: '100M', execArgv: ['--max-old-space-size=70'] });
      expect((await once(child, 'message'))[0]).toMatchObject({ options: null, heapMiB: about(70) });
      expect((await child.outcome).nodeHeap).toBeNull();
    });

    test('in a program that is not Node', async () => {
      const { stdout, nodeHeap } = await run('sh', ['-c', 'echo "$NODE_OPTIONS"'], { memory: '100M' });
      expect({ stdout, nodeHeap }).toEqual({ stdout: '\n', nodeHeap: null });
    });
  });

  test('a size counts with a cage and without', async () => {
    expect(await told({ memory: '500M', nodeHeap: '50M' })).toMatchObject(set(50));
    const options = '--max-old-space-size=50';
    expect(await told({ nodeHeap: '50M' })).toMatchObject({ options });
    const { stdout } = spawnSync(process.execPath, [TELL], { nodeHeap: '50M', encoding: 'utf8' });
    expect(JSON.parse(stdout)).toMatchObject({ options });
  });

  test('other options of the environment stay, and the caller’s own is not changed', async () => {
    const env = { ...process.env, NODE_OPTIONS: '--no-warnings' };
    const before = { ...env };
    expect((await told({ memory: '100M', env })).options).toBe('--no-warnings --max-old-space-size=50');
    expect(env).toEqual(before);
    expect(process.env['NODE_OPTIONS']).toBeUndefined();
  });

  test('of a cage counts for its children, and what is said of a child more', async () => {
    const cage = make({ memory: '500M', nodeHeap: '60M' });
    const heapOf = async (options: RunOptions): Promise<unknown> =>
      (JSON.parse((await run('node', [TELL], options)).stdout as string) as Facts).heapMiB;
    expect(await heapOf({ cage })).toEqual(about(60));
    expect(await heapOf({ cage, nodeHeap: '70M' })).toEqual(about(70));
    await cage.contain(async () => {
      expect(await heapOf({})).toEqual(about(60));
      expect(await heapOf({ memory: '100M' })).toEqual(about(60));
      const inner = make({ memory: '100M' });
      expect(await inner.contain(() => heapOf({}))).toEqual(about(60));
      const { stdout } = await promisify(childProcess.execFile)('node', [TELL]);
      expect((JSON.parse(stdout) as Facts).heapMiB).toEqual(about(60));
    });
    const off = make({ memory: '100M', nodeHeap: false });
    expect(JSON.parse((await off.run('node', [TELL])).stdout)).toMatchObject(NOTHING_SET);
  });

  test('a child’s child in a smaller cage has that one’s', async () => {
    const program = `require('memcage').run('node', [${JSON.stringify(TELL)}], { memory: '64M' }).then(({ stdout }) =>
      console.log(JSON.stringify([process.env.NODE_OPTIONS, JSON.parse(stdout).options])))`;
    const { stdout } = await run(
      'node',
      ['-e', program.replace("'memcage'", JSON.stringify(resolve('dist/index.js')))],
      {
        memory: '200M',
      },
    );
    expect(JSON.parse(stdout)).toEqual(['--max-old-space-size=100', '--max-old-space-size=32']);
  });

  testRows(
    'what is none is refused before anything is made',
    [true, 'none', 'max', 1000, {}],
    (nodeHeap) => {
      const options = { memory: '100M', nodeHeap } as never;
      const code = nodeHeap === 'none' ? withCode('INVALID_SIZE') : withCode('INVALID_ARGUMENT');
      const starts: (() => ChildProcess | SharedCage | object)[] = [
        () => spawn('true', options),
        () => fork(TELL, options),
        () => spawnSync('true', options),
        () => createCage(options),
      ];
      for (const start of starts) expect(start).toThrow(code);
    },
    { limitMs: 60_000 },
  );

  test('createLauncher has no such option', () => {
    expect(() => createLauncher({ memory: '100M', nodeHeap: 'auto' } as never)).toThrow(withCode('UNKNOWN_OPTION'));
  });
});
