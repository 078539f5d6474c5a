import childProcess from 'node:child_process';
import { promisify } from 'node:util';

/** A function of child_process that starts a child asynchronously, or its util.promisify version. */
export type NodeFunction = 'spawn' | 'fork' | 'exec' | 'execFile' | 'exec promise' | 'execFile promise';

type NodeSyncFunction = 'spawnSync' | 'execSync' | 'execFileSync';

type Functions = Readonly<Record<NodeFunction | NodeSyncFunction, (...args: unknown[]) => unknown>>;

// Taken at load time: a later patch of child_process that leads to memcage must not lead us in a circle.
const functions = {
  spawn: childProcess.spawn,
  fork: childProcess.fork,
  exec: childProcess.exec,
  execFile: childProcess.execFile,
  'exec promise': childProcess.exec[promisify.custom as never],
  'execFile promise': childProcess.execFile[promisify.custom as never],
  spawnSync: childProcess.spawnSync,
  execSync: childProcess.execSync,
  execFileSync: childProcess.execFileSync,
} as unknown as Functions;

/** Calls Node's own function as a method of child_process. */
export function invokeNodes(name: NodeFunction | NodeSyncFunction, args: readonly unknown[]): unknown {
  return Reflect.apply(functions[name], childProcess, args);
}

/** Gives our function the name and the number of parameters of Node's. */
export function likeNodes<F extends object>(name: NodeFunction | NodeSyncFunction, ours: F): F {
  const { name: itsName, length } = functions[name];
  return Object.defineProperties(ours, {
    name: { value: itsName, configurable: true },
    length: { value: length, configurable: true },
  });
}
