import { constants } from 'node:os';
import { callNodes } from './node-functions';
import { isSyncRequest, type SyncRequest, type SyncResult } from './run-now';

/** Runs in the place of the binding. What it throws the function throws. */
export type RunSync = (request: SyncRequest) => SyncResult;

/** What spawnSync, execSync and execFileSync call, each time through this object. */
interface SyncBinding {
  spawn(...args: unknown[]): unknown;
}

/** Among the options of a call of ours: they reach the binding as they were given. */
const RUN = Symbol('memcage');

let ambientRun: () => RunSync | undefined = () => undefined;
let intercepted: SyncBinding | undefined;
/** The `spawn` of the binding, ours or one that leads to ours, with which the trial went well. */
let fitting: unknown;

/** Node's own spawnSync, the child run by `run`. Only where {@link interceptsSync}. */
export function spawnSyncWith(run: RunSync, file: unknown, args: unknown, options: object): unknown {
  return spawnSyncByNode(file, args, { ...options, [RUN]: run });
}

/** The same, the child run by Node, also where it would be intercepted. */
export function spawnSyncAlone(file: unknown, args: unknown, options: object): unknown {
  return spawnSyncByNode(file, args, { ...options, [RUN]: null });
}

/** As if Node's own had been called. */
export function spawnSyncByNode(file: unknown, args: unknown, options: unknown): unknown {
  return callNodes('spawnSync', [file, args, options]);
}

/**
 * Let every child of Node's synchronous functions be run by what `run` returns, while it returns something; except for
 * those of the calls above.
 *
 * @returns false: this Node, or its permission model, does not let us
 */
export function interceptSync(run: () => RunSync | undefined): boolean {
  ambientRun = run;
  return interceptsSync();
}

/**
 * Whether the synchronous functions let us run their children. They have no handle that could be swapped, and publish
 * nothing before they start one.
 */
export function interceptsSync(): boolean {
  if (intercepted === undefined) {
    const binding = findBinding();
    if (binding === undefined) return false;
    intercept(binding);
    intercepted = binding;
  }
  if (intercepted.spawn !== fitting && isFitting()) fitting = intercepted.spawn;
  return intercepted.spawn === fitting;
}

function intercept(binding: SyncBinding): void {
  const { spawn } = binding;
  binding.spawn = function (this: unknown, ...args: unknown[]): unknown {
    const [request] = args;
    const run = isCallOfOurs(request) ? request[RUN] : ambientRun();
    return run ? run(request as SyncRequest) : Reflect.apply(spawn, this, args);
  };
}

function isCallOfOurs(request: unknown): request is { [RUN]: RunSync | null } {
  return typeof request === 'object' && request !== null && RUN in request;
}

/** Not on the list of what `process.binding` may give, or forbidden by the permission model: undefined. */
function findBinding(): SyncBinding | undefined {
  const before = Object.getOwnPropertyDescriptor(process, 'noDeprecation');
  try {
    // Deprecated (DEP0111), and without a substitute: a warning would be of no use to the user.
    process.noDeprecation = true;
    const binding = (process as unknown as { binding(name: string): unknown }).binding('spawn_sync');
    return isBinding(binding) ? binding : undefined;
  } catch {
    return undefined;
  } finally {
    if (before === undefined) Reflect.deleteProperty(process, 'noDeprecation');
    else Object.defineProperty(process, 'noDeprecation', before);
  }
}

function isBinding(value: unknown): value is SyncBinding {
  if (typeof value !== 'object' || value === null) return false;
  const spawn = Object.getOwnPropertyDescriptor(value, 'spawn');
  return typeof spawn?.value === 'function' && spawn.writable === true;
}

// Not executable, should it ever be tried.
const NO_PROGRAM = '/dev/null';

/** See with a program that can't run whether each of the functions lets us run its child. */
function isFitting(): boolean {
  const trials: ((options: object) => unknown)[] = [
    (options) => (callNodes('spawnSync', [NO_PROGRAM, [], options]) as { error?: unknown }).error,
    (options) => callNodes('execFileSync', [NO_PROGRAM, [], options]),
    (options) => callNodes('execSync', [NO_PROGRAM, { ...options, shell: NO_PROGRAM }]),
  ];
  return trials.every((call) => {
    let fits = false;
    const run: RunSync = (request) => {
      fits = isSyncRequest(request);
      return { error: -constants.errno.ECANCELED, status: null, signal: null, output: null, pid: 0 };
    };
    try {
      return isCanceled(call({ [RUN]: run, stdio: 'ignore' })) && fits;
    } catch (error) {
      return isCanceled(error) && fits;
    }
  });
}

function isCanceled(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ECANCELED';
}
