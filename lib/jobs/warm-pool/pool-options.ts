import { companion } from '../../common/addon/companion';
import { companionPath } from '../../common/addon/package-root';
import { invalidArgument, misplaced } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { IS_NODE, runtimeName } from '../../common/machine/versions';
import { alreadyRead, strict } from '../../common/options/accepted-options';
import { checkTimeout } from '../../common/options/checks';
import { POOL_OPTIONS } from '../../common/options/names';
import { checkOptions } from '../../common/options/option-names';
import { plainCopy } from '../../common/options/plain-copy';
import { defaultKillSignal } from '../../process/namespaces/namespaces';
import { splitOptions } from '../../start/request/cage-options';
import { requestOf } from '../../start/request/start-request';
import type { WarmPoolAskOptions, WarmPoolOptions, WarmPoolSettings, WarmPoolTakeOptions } from './warm-pool';

export const CALLED = strict('createWarmPool', 'fork', POOL_OPTIONS);
const PRELOAD = 'warm-preload.js';
const PERMISSION = /(^|\s)--(experimental-)?permission(\s|$)/;

/** What a pool does, apart from how its children are started. */
export interface PoolPlan {
  spare: number;
  maxChildren: number;
  maxUses: number;
  trim: boolean;
  /** Whether the children share a cage, in which others use memory too. */
  isShared: boolean;
}

export interface ReadPoolOptions {
  plan: PoolPlan;
  /** The options of `fork`. */
  forkOptions: object;
  /** What ends a child that is asked. */
  killSignal: NodeJS.Signals | number;
  /** The memory limit of each child; undefined without one of its own. */
  limitBytes: number | undefined;
}

/** Throws before anything is made. */
export function readPoolOptions(given: WarmPoolOptions): ReadPoolOptions {
  const {
    spare = 2,
    maxChildren = Number.POSITIVE_INFINITY,
    maxUses = 1,
    trim = false,
    ...options
  } = CALLED.read(given);
  checkCount('spare', spare, 0);
  if (maxChildren !== Number.POSITIVE_INFINITY) checkCount('maxChildren', maxChildren, 1);
  checkCount('maxUses', maxUses, 1);
  if (typeof trim !== 'boolean') throw invalidArgument('trim', 'true or false', trim);
  refuse(options);
  refuseOtherRuntimes();
  const forkOptions = forChildren(options);
  // What a start would refuse is refused now.
  const { own } = splitOptions({ ...forkOptions }, alreadyRead(CALLED));
  const { shared, limits } = requestOf(own);
  const isShared = shared !== undefined;
  const plan = { spare, maxChildren, maxUses, trim, isShared };
  const killSignal = options.killSignal ?? defaultKillSignal(own.namespaces) ?? 'SIGTERM';
  return { plan, forkOptions, killSignal, limitBytes: limits?.memory.max };
}

function refuseOtherRuntimes(): void {
  if (IS_NODE) return;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    words`createWarmPool works with Node only, not with ${runtimeName()}${CURE}call run() for each job`,
  );
}

function checkCount(name: string, given: unknown, least: number): void {
  if (Number.isSafeInteger(given) && (given as number) >= least) return;
  throw invalidArgument(name, least === 0 ? 'an integer, 0 or more' : 'a positive integer', given);
}

const TO_POOL = 'to createWarmPool()';

/** Options that mean one child of which the caller knows when it starts. */
function refuse(options: object): void {
  const { signal, timeout, detached, untrusted } = options as Record<string, unknown>;
  if (untrusted !== undefined) {
    throw misplaced('untrusted', `${TO_POOL}: its children load a module of yours`, 'run each program by run()');
  }
  if (signal !== undefined) throw misplaced('signal', TO_POOL, 'give it to take() or ask(), or call close()');
  if (timeout !== undefined) throw misplaced('timeout', TO_POOL, 'give it to ask()');
  if (detached !== undefined && detached !== false) {
    throw misplaced('detached', `${TO_POOL}: a child that waits must not outlive this process`, 'leave it out');
  }
}

/** A copy that holds for all children, whatever the caller changes later. */
function forChildren(options: Omit<WarmPoolOptions, keyof WarmPoolSettings>): object {
  const { execArgv = ownExecArgv(), env, cwd = hereUnless(options.root !== undefined) } = options;
  if (!Array.isArray(execArgv)) throw invalidArgument('execArgv', 'an array of strings', execArgv);
  return {
    // What a child does to its channel must not reach beyond the child.
    ipcHandles: false,
    ...plainCopy(options),
    ...(typeof env === 'object' && env !== null && { env: copyWithInherited(env) }),
    ...(cwd !== undefined && { cwd }),
    execArgv: withPreload(execArgv, env ?? process.env),
  };
}

/** With what is inherited, which Node passes on in `env` too. */
function copyWithInherited<T extends object>(given: T): T {
  const copy: Partial<T> = {};
  for (const name in given) copy[name] = given[name];
  return copy as T;
}

/** First, so that the preload sees, and hides, its own arguments only. */
function withPreload(execArgv: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const isRestricted = PERMISSION.test([...execArgv, env.NODE_OPTIONS ?? ''].join(' '));
  const preload = companion(PRELOAD);
  return [...(isRestricted ? [allowing(preload)] : []), '--require', preload, ...execArgv];
}

export function withoutPreload(args: readonly string[]): string[] {
  const preload = companionPath(PRELOAD);
  const at = args.indexOf(preload) - 1;
  const own = (arg: string, index: number): boolean => index === at || index === at + 1 || arg === allowing(preload);
  return at < 0 ? [...args] : args.filter((arg, index) => !own(arg, index));
}

const allowing = (path: string): string => `--allow-fs-read=${path}`;

/** What Node's fork() passes on: `process.execArgv` without the code of `node -e`. */
function ownExecArgv(): readonly string[] {
  const { execArgv } = process;
  const code = (process as { _eval?: string })._eval;
  const at = code === undefined ? -1 : execArgv.lastIndexOf(code);
  return at > 0 ? [...execArgv.slice(0, at - 1), ...execArgv.slice(at + 1)] : execArgv;
}

/** A relative path of the module is looked up there. */
function hereUnless(hasRoot: boolean): string | undefined {
  if (hasRoot) return undefined;
  try {
    return process.cwd();
  } catch {
    // The directory was removed. Node's fork works there too.
    return undefined;
  }
}

export interface ReadTakeOptions {
  signal: AbortSignal | undefined;
}

export interface ReadAskOptions extends ReadTakeOptions {
  timeout: number | undefined;
}

export function readTakeOptions(options: WarmPoolTakeOptions): ReadTakeOptions {
  const { signal } = checkOptions(options, { of: 'pool.take', known: ['signal'] });
  return { signal: readSignal(signal) };
}

export function readAskOptions(message: unknown, options: WarmPoolAskOptions): ReadAskOptions {
  const { signal, timeout } = checkOptions(options, { of: 'pool.ask', known: ['signal', 'timeout'] });
  if (message === undefined || typeof message === 'function' || typeof message === 'symbol') {
    throw invalidArgument('message', 'what the channel can send', message);
  }
  checkTimeout(timeout);
  return { signal: readSignal(signal), timeout };
}

/** Accepts signals of other realms too, as Node does. */
function readSignal(signal: unknown): AbortSignal | undefined {
  const isSignal = typeof signal === 'object' && signal !== null && 'aborted' in signal;
  if (signal !== undefined && !isSignal) throw invalidArgument('signal', 'an AbortSignal', signal);
  return signal as AbortSignal | undefined;
}
