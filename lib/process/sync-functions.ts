import { constants } from 'node:os';
import { invokeNodes } from './node-functions';
import { isSyncRequest, type SyncRequest, type SyncResult } from './run-now';

/** Runs in place of the binding, which `proceed` runs. The function throws what this throws. */
export type RunSync = (request: SyncRequest, proceed: () => SyncResult) => SyncResult;

/** The object through which spawnSync, execSync and execFileSync call the binding, each time. */
interface SyncBinding {
  spawn(...args: unknown[]): unknown;
}

/** A key among the options of our own calls. The options reach the binding as they were given. */
const RUN = Symbol('memcage');

let ambientRun: () => RunSync | undefined = () => undefined;
let intercepted: SyncBinding | undefined;
/** The `spawn` of the binding that passed the probe: ours, or one that leads to ours. */
let fitting: unknown;

/** Calls Node's own spawnSync, and `run` runs the child. Only if {@link interceptsSync}. */
export function spawnSyncWith(run: RunSync, file: unknown, args: unknown, options: object): unknown {
  return spawnSyncByNode(file, args, { ...options, [RUN]: run });
}

/** Calls Node's own spawnSync as any caller would. */
export function spawnSyncByNode(file: unknown, args: unknown, options: unknown): unknown {
  return invokeNodes('spawnSync', [file, args, options]);
}

/**
 * While `run` returns something, that runs every child of Node's synchronous functions, except those of the calls
 * above.
 *
 * @returns false if this Node, or its permission model, does not let us
 */
export function interceptSync(run: () => RunSync | undefined): boolean {
  ambientRun = run;
  return interceptsSync();
}

/**
 * Whether the synchronous functions let us run their children. They have no handle that we could swap, and publish
 * nothing before they start a child.
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
    const proceed = (): unknown => Reflect.apply(spawn, this, args);
    return run ? run(request as SyncRequest, proceed as () => SyncResult) : proceed();
  };
}

function isCallOfOurs(request: unknown): request is { [RUN]: RunSync } {
  return typeof request === 'object' && request !== null && RUN in request;
}

/** Node's binding; undefined if it is not on the list of what `process.binding` may give, or if the permission model forbids it. */
function findBinding(): SyncBinding | undefined {
  const before = Object.getOwnPropertyDescriptor(process, 'noDeprecation');
  try {
    // process.binding() is deprecated (DEP0111) and has no substitute, so a warning would be of no use to the user.
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

// A file that is not executable, should anyone ever try to run it.
const NO_PROGRAM = '/dev/null';

/** Tries with a program that can't run whether each of the functions lets us run its child. */
function isFitting(): boolean {
  const probes: ((options: object) => unknown)[] = [
    (options) => (invokeNodes('spawnSync', [NO_PROGRAM, [], options]) as { error?: unknown }).error,
    (options) => invokeNodes('execFileSync', [NO_PROGRAM, [], options]),
    (options) => invokeNodes('execSync', [NO_PROGRAM, { ...options, shell: NO_PROGRAM }]),
  ];
  return probes.every((call) => {
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
