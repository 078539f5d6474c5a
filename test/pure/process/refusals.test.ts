/** @starts-children Node's own functions, with whose changes memcage refuses to work. No program of theirs runs. */
import childProcess, { type ChildProcess } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Intercept from '../../../lib/process/intercept-children';
import { nodeCall } from '../../../lib/process/node-call';
import type { NodeFunction } from '../../../lib/process/node-functions';
import { withCode } from '../../support/error-code';
import { patience } from '../../support/patience';
import { product, testRows } from '../../support/rows';

// What a future Node may do, or another package, at each step of the swap. The program never runs.

const FUNCTIONS: readonly NodeFunction[] = ['spawn', 'fork', 'exec', 'execFile', 'exec promise', 'execFile promise'];

type When = 'before' | 'after';

let directory: string;
let mark: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
  mark = join(directory, 'ran');
});
const undo: (() => void)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
  rmSync(directory, { recursive: true });
});

/** A copy of the modules that has not been used yet. */
function freshIntercept(): typeof Intercept {
  let fresh: typeof Intercept | undefined;
  jest.isolateModules(() => {
    fresh = require('../../../lib/process/intercept-children') as typeof Intercept;
  });
  if (fresh === undefined) throw new Error('not loaded');
  return fresh;
}

function onChild(action: (child: Record<string, unknown> & ChildProcess) => void): void {
  const listener = (message: unknown): void => action((message as { process: never }).process);
  diagnostics.subscribe('child_process', listener);
  undo.push(() => diagnostics.unsubscribe('child_process', listener));
}

/** A call that makes the file `mark` if it runs. */
function touching(name: NodeFunction): unknown[] {
  if (name === 'fork') return [join(__dirname, '../../fixtures/start/api/touch.js'), [mark]];
  if (name.startsWith('execFile') || name === 'spawn') return ['touch', [mark]];
  return [`touch ${mark}`];
}

/** The error of a memcage call, or of an intercepted stock call, whose program did not run. */
async function refusalOf(intercept: typeof Intercept, name: NodeFunction, ambient: boolean): Promise<unknown> {
  let launched = 0;
  const makeHandle = (): never => {
    launched += 1;
    throw new Error('made');
  };
  let error: unknown;
  try {
    if (ambient) {
      let inside = false;
      undo.push(() => {
        inside = false;
      });
      intercept.interceptChildren(() => (inside ? { makeHandle } : undefined), 'handle');
      inside = true;
      nodeCall(name, touching(name)).invoke({});
    } else {
      intercept.callWith(nodeCall(name, touching(name)), { makeHandle });
    }
  } catch (thrown) {
    error = thrown;
  }
  await sleep(patience(50));
  expect({ launched, ran: existsSync(mark) }).toEqual({ launched: 0, ran: false });
  return error;
}

describe.each([
  ['a call of ours', false],
  ['a child that is intercepted', true],
])('%s', (_kind, ambient) => {
  describe('is refused, before the first use and after it, when', () => {
    const rows = product<[NodeFunction, When]>(FUNCTIONS, ['before', 'after']);

    /** It is broken from the start, or from the first use on. */
    async function expectRefused(name: NodeFunction, when: When, breakIt: () => void): Promise<void> {
      const intercept = freshIntercept();
      if (when === 'before') breakIt();
      else warmUp(intercept, name);
      if (when === 'after') breakIt();
      expect(await refusalOf(intercept, name, ambient)).toEqual(withCode('UNSUPPORTED_NODE'));
    }

    testRows('spawn is replaced on the instance', rows, async ([name, when]) => {
      await expectRefused(name, when, () => {
        const replace = () =>
          onChild((child) => {
            const { spawn } = Object.getPrototypeOf(child) as { spawn: (options: unknown) => unknown };
            child['spawn'] = (options: unknown) => spawn.call(child, options);
          });
        // After memcage's own subscription.
        if (when === 'after') replace();
        else onFirstSubscription(replace);
      });
    });

    testRows('the handle is replaced', rows, async ([name, when]) => {
      await expectRefused(name, when, () => {
        const replace = () =>
          onChild((child) => {
            const handle = child['_handle'] as object;
            child['_handle'] = Object.create(handle) as object;
          });
        if (when === 'after') replace();
        else onFirstSubscription(replace);
      });
    });

    testRows('the instance takes no other spawn', rows, async ([name, when]) => {
      let isOn = false;
      // Before memcage's own subscription.
      onChild((child) => {
        if (!isOn) return;
        const { spawn } = Object.getPrototypeOf(child) as { spawn: unknown };
        Object.defineProperty(child, 'spawn', { value: spawn });
      });
      await expectRefused(name, when, () => {
        isOn = true;
      });
    });

    testRows('the handle lacks a member', rows, async ([name, when]) => {
      await expectRefused(name, when, () => {
        const { prototype } = stockHandleClass();
        const { asyncReset } = Object.getPrototypeOf(prototype) as { asyncReset: unknown };
        Object.defineProperty(prototype, 'asyncReset', { value: undefined, configurable: true });
        undo.push(() => Reflect.deleteProperty(prototype, 'asyncReset'));
        expect(asyncReset).toBeDefined();
      });
    });
  });

  testRows('nothing is published', FUNCTIONS, async (name) => {
    const intercept = freshIntercept();
    const silent = jest.spyOn(diagnostics, 'subscribe').mockImplementation(() => {});
    undo.push(() => silent.mockRestore());
    if (ambient) {
      expect(() => intercept.interceptChildren(() => undefined, 'handle')).toThrow(withCode('UNSUPPORTED_NODE'));
    } else {
      expect(await refusalOf(intercept, name, ambient)).toEqual(withCode('UNSUPPORTED_NODE'));
    }
  });
});

test('a function that does not hand on the options as they are was replaced before memcage was loaded', () => {
  const { spawn } = childProcess;
  childProcess.spawn = ((file: string, args: string[], options: { env: object }) =>
    spawn(file, args, { ...options, env: { ...options.env } })) as never;
  undo.push(() => {
    childProcess.spawn = spawn;
  });
  let attempt: () => unknown = () => {};
  jest.isolateModules(() => {
    const intercept = require('../../../lib/process/intercept-children') as typeof Intercept;
    const calls = require('../../../lib/process/node-call') as { nodeCall: typeof nodeCall };
    attempt = () => intercept.callWith(calls.nodeCall('spawn', touching('spawn')), { makeHandle: jest.fn() });
  });
  expect(attempt).toThrow(withCode('UNSUPPORTED_NODE'));
  expect(existsSync(mark)).toBe(false);
});

/** Makes the trial that precedes the first use, so that a test can break something after it. */
function warmUp(intercept: typeof Intercept, name: NodeFunction): void {
  for (const each of new Set<NodeFunction>(['spawn', name])) {
    const call = nodeCall(each, [join(directory, 'not-there')]);
    const error = new Error('warm');
    expect(() =>
      intercept.callWith(call, {
        makeHandle: () => {
          throw error;
        },
      }),
    ).toThrow(error);
  }
}

function onFirstSubscription(action: () => void): void {
  const { subscribe } = diagnostics;
  const watched = jest.spyOn(diagnostics, 'subscribe').mockImplementationOnce((channel, listener) => {
    subscribe(channel, listener);
    action();
  });
  undo.push(() => watched.mockRestore());
}

function stockHandleClass(): { prototype: object } {
  const StockChild = childProcess.ChildProcess as unknown as new () => { _handle: object };
  return new StockChild()._handle.constructor as unknown as { prototype: object };
}
