import childProcess from 'node:child_process';
import { createCage, exec, execFile, fork, run, type SharedCage, spawn } from 'memcage';
import { drawn } from '../drawn';
import { expectNothingLeft } from '../nothing-left';
import { follow } from './child-record';

/** The functions that start a child asynchronously. They have Node's types, whoever provides them. */
export type Functions = Pick<typeof childProcess, 'spawn' | 'fork' | 'exec' | 'execFile'>;
type Name = keyof Functions;
type AnyFunction = (...args: unknown[]) => unknown;

const NAMES: readonly Name[] = ['spawn', 'fork', 'exec', 'execFile'];

// Saved at load time, so that changes by a test to child_process do not count.
const nodeFunctions = pick((name) => childProcess[name] as AnyFunction);

/** Every way to start a child with memcage. */
function functionKinds(cage: () => SharedCage): Record<string, Functions> {
  const replacement = require('memcage/child_process') as Functions;
  return {
    'without a cage': pick((name) => replacement[name] as AnyFunction),
    'in a private cage': pick((name) => {
      const call = { spawn, fork, exec, execFile }[name] as AnyFunction;
      return (...args) => call(...withMemory(name, args));
    }),
    'in a shared cage': pick(
      (name) =>
        (...args) =>
          (cage()[name] as AnyFunction).apply(cage(), args),
    ),
    contained: pick(
      (name) =>
        (...args) =>
          cage().contain(() => (nodeFunctions[name] as AnyFunction)(...args)),
    ),
  };
}

/**
 * Runs a scenario with Node's functions and with every kind of memcage's, in the gate with two that are drawn for each
 * scenario. Expects the same result from all, and that nothing is left of them.
 */
export function comparing(): <T>(scenario: (functions: Functions) => T | Promise<T>) => Promise<T> {
  let cage: SharedCage;
  beforeEach(() => {
    cage = createCage({ memory: '400M' });
  });
  afterEach(() => cage.close());
  expectNothingLeft(async () => {
    const warm = createCage({ memory: '50M' });
    await warm.contain(() => follow(childProcess.spawn('true')));
    await warm.close();
    await run('true', [], { memory: '10M' });
  });
  const kinds = Object.entries(functionKinds(() => cage));
  let count = 0;
  return async (scenario) => {
    const expected = await scenario(nodeFunctions);
    count += 1;
    for (const [kind, functions] of drawn(kinds, 2, `kinds ${count}`))
      expect({ [kind]: await scenario(functions) }).toEqual({ [kind]: expected });
    return expected;
  };
}

function pick(make: (name: Name) => AnyFunction): Functions {
  return Object.fromEntries(NAMES.map((name) => [name, make(name)])) as unknown as Functions;
}

function withMemory(name: Name, args: readonly unknown[]): unknown[] {
  const memory = '100M';
  const given = args.findIndex((arg, index) => index > 0 && isObject(arg));
  if (given !== -1) return args.map((arg, index) => (index === given ? { ...(arg as object), memory } : arg));
  const place = name !== 'exec' && args.length > 1 && typeof args[1] !== 'function' ? 2 : 1;
  // Node should refuse anything else in their place.
  const taken = args[place] !== undefined && args[place] !== null && typeof args[place] !== 'function';
  if (taken) return [...args];
  const isThere = place < args.length && typeof args[place] !== 'function';
  const before = Array.from({ length: place }, (_, index) => args[index]);
  return [...before, { memory }, ...args.slice(isThere ? place + 1 : place)];
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
