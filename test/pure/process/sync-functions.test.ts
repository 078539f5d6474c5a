/** @starts-children Node's own functions, which must stay as they were. */

import childProcess from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SyncRequest, SyncResult } from '../../../lib/process/run-now';
import type * as SyncFunctions from '../../../lib/process/sync-functions';
import { testRows } from '../../support/rows';

type Functions = Pick<typeof childProcess, 'spawnSync' | 'execFileSync' | 'execSync'>;
interface Binding {
  spawn: (...args: unknown[]) => unknown;
}

const getBinding = (): Binding =>
  (process as unknown as { binding(name: string): Binding }).binding('spawn_sync') as Binding;
const stockSpawn = getBinding().spawn;
const stock: Functions = { ...childProcess };

let directory: string;
let mark: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
  mark = join(directory, 'ran');
});
afterEach(() => {
  jest.restoreAllMocks();
  Object.defineProperty(getBinding(), 'spawn', {
    value: stockSpawn,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  Object.assign(childProcess, stock);
  rmSync(directory, { recursive: true });
});

/** A copy of the module that has not been used yet. */
function fresh(): typeof SyncFunctions {
  let module: typeof SyncFunctions | undefined;
  jest.isolateModules(() => {
    module = require('../../../lib/process/sync-functions') as typeof SyncFunctions;
  });
  if (module === undefined) throw new Error('not loaded');
  return module;
}

const result: SyncResult = { status: 5, signal: null, output: [null, Buffer.from('out'), null], pid: 7 };

/** Calls of Node's functions that make the file `mark` if they run. */
const touching: [string, () => unknown][] = [
  ['spawnSync', () => childProcess.spawnSync('touch', [mark])],
  ['execFileSync', () => childProcess.execFileSync('touch', [mark])],
  ['execSync', () => childProcess.execSync(`touch ${mark}`)],
];

describe('a call that is intercepted', () => {
  test('has the request that Node makes, and Node makes the result of it', () => {
    const { interceptsSync, spawnSyncWith } = fresh();
    expect(interceptsSync()).toBe(true);
    const run = jest.fn((_request: SyncRequest) => result);
    const options = { argv0: 'name', cwd: '/', timeout: 9, encoding: 'utf8', env: { A: '1' }, input: 'in' };
    expect(spawnSyncWith(run, 'touch', [mark], options)).toEqual({
      ...result,
      output: [null, 'out', null],
      stdout: 'out',
      stderr: null,
    });
    expect(run.mock.calls[0]?.[0]).toMatchObject({
      file: 'touch',
      args: ['name', mark],
      cwd: '/',
      timeout: 9,
      envPairs: ['A=1'],
      stdio: [
        { type: 'pipe', readable: true, writable: false, input: Buffer.from('in') },
        { type: 'pipe', readable: false, writable: true },
        { type: 'pipe', readable: false, writable: true },
      ],
    });
    expect(existsSync(mark)).toBe(false);
  });

  testRows('a function of others, while the context has a run', touching, ([, call]) => {
    let inside = true;
    const run = jest.fn(() => ({ ...result, status: 0 }));
    expect(fresh().interceptSync(() => (inside ? run : undefined))).toBe(true);
    call();
    expect({ calls: run.mock.calls.length, ran: existsSync(mark) }).toEqual({ calls: 1, ran: false });
    inside = false;
    call();
    expect({ calls: run.mock.calls.length, ran: existsSync(mark) }).toEqual({ calls: 1, ran: true });
  });

  test('one of ours that begins while another is being read has its own run', () => {
    const { interceptsSync, spawnSyncWith } = fresh();
    expect(interceptsSync()).toBe(true);
    const inner = jest.fn(() => result);
    const outer = jest.fn(() => result);
    const env = {
      get A() {
        spawnSyncWith(inner, 'touch', [mark], {});
        childProcess.spawnSync('touch', [mark]);
        return '1';
      },
    };
    spawnSyncWith(outer, 'touch', [join(directory, 'never')], { env });
    expect([inner.mock.calls.length, outer.mock.calls.length]).toEqual([1, 1]);
    expect(existsSync(mark)).toBe(true);
    expect(existsSync(join(directory, 'never'))).toBe(false);
  });

  test('two copies of memcage', () => {
    const [first, second] = [fresh(), fresh()];
    const runs = [jest.fn(() => result), jest.fn(() => result)] as const;
    expect([first.interceptsSync(), second.interceptsSync(), first.interceptsSync()]).toEqual([true, true, true]);
    first.spawnSyncWith(runs[0], 'touch', [mark], {});
    second.spawnSyncWith(runs[1], 'touch', [mark], {});
    expect(runs.map((run) => run.mock.calls.length)).toEqual([1, 1]);
    expect(existsSync(mark)).toBe(false);
  });

  test('what the run throws the function throws', () => {
    const { interceptsSync, spawnSyncWith } = fresh();
    const error = new Error('refused');
    expect(interceptsSync()).toBe(true);
    const call = (): unknown =>
      spawnSyncWith(
        () => {
          throw error;
        },
        'touch',
        [mark],
        {},
      );
    expect(call).toThrow(error);
    expect(existsSync(mark)).toBe(false);
  });
});

// What a future Node may do, or another package. memcage notices before it runs a program.
describe('not to be intercepted', () => {
  const ambient = jest.fn(() => () => result);
  const expectUnfit = (module: typeof SyncFunctions): void => {
    expect(module.interceptSync(ambient)).toBe(false);
    expect(module.interceptsSync()).toBe(false);
  };

  testRows<[string, () => unknown]>(
    'where the binding is not as expected',
    [
      ['there is no binding', () => undefined],
      [
        'it is forbidden',
        () => {
          throw new Error('ERR_ACCESS_DENIED');
        },
      ],
      ['it has no spawn', () => ({})],
      ['spawn can’t be replaced', () => Object.freeze({ spawn: stockSpawn })],
      [
        'spawn is an accessor',
        () => ({
          get spawn() {
            return stockSpawn;
          },
        }),
      ],
      ['it is not the one that Node uses', () => ({ spawn: stockSpawn })],
    ],
    ([, binding]) => {
      jest.spyOn(process as never, 'binding').mockImplementation(binding as never);
      expectUnfit(fresh());
    },
  );

  test('spawn is put back at once', () => {
    const binding = getBinding();
    const proxy = new Proxy(binding, { set: () => true });
    jest.spyOn(process as never, 'binding').mockReturnValue(proxy as never);
    expectUnfit(fresh());
  });

  testRows(
    'a function that does not hand the options on',
    ['spawnSync', 'execFileSync', 'execSync'] as const,
    (name) => {
      childProcess[name] = ((file: string) => stock[name](file)) as never;
      expectUnfit(fresh());
    },
  );

  test('the request has another form', () => {
    const binding = getBinding();
    const module = fresh();
    expect(module.interceptsSync()).toBe(true);
    const { spawn } = binding;
    binding.spawn = (request) => spawn({ ...(request as object), envPairs: undefined });
    expectUnfit(module);
  });

  test.each<[string, (ours: Binding['spawn']) => Binding['spawn']]>([
    ['hides the call', () => stockSpawn],
    ['hands on what it knows', (ours) => (request) => ours(Object.fromEntries(Object.entries(request as object)))],
  ])('spawn is replaced later by one that %s', (_kind, replace) => {
    const module = fresh();
    expect(module.interceptsSync()).toBe(true);
    const binding = getBinding();
    const ours = binding.spawn;
    binding.spawn = replace(ours);
    expectUnfit(module);
    binding.spawn = ours;
    expect(module.interceptsSync()).toBe(true);
  });

  test('one that passes the call on does no harm', () => {
    const module = fresh();
    expect(module.interceptsSync()).toBe(true);
    const binding = getBinding();
    const ours = binding.spawn;
    const seen = jest.fn();
    binding.spawn = (request) => {
      seen();
      return ours(request);
    };
    expect(module.interceptsSync()).toBe(true);
    seen.mockClear();
    expect(module.spawnSyncWith(() => result, 'touch', [mark], {})).toMatchObject({ status: 5 });
    expect(seen).toHaveBeenCalledTimes(1);
    expect(existsSync(mark)).toBe(false);
  });
});

test('process.noDeprecation is as it was', () => {
  const before = Object.getOwnPropertyDescriptor(process, 'noDeprecation');
  expect(fresh().interceptsSync()).toBe(true);
  expect(Object.getOwnPropertyDescriptor(process, 'noDeprecation')).toEqual(before);
});
