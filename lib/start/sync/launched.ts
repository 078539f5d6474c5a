import { fileURLToPath } from 'node:url';
import { getSystemErrorName } from 'node:util';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { defaultKillSignal } from '../../process/namespaces/namespaces';
import { isOptions } from '../../process/node-call';
import { spawnSyncAlone, spawnSyncByNode } from '../../process/sync-functions';
import type { ResolvedCageOptions } from '../request/cage-options';
import { readCall, type SyncCall } from './call';
import { type AnyReturns, type NodeReturns, withOutcome } from './returns';
import { stdioCount, withFds } from './stdio';
import { type LaunchedEnd, runThroughLauncher } from './through-launcher';

/** For when the binding can't be intercepted. `readCall` knows what Node is going to refuse. */
export function runLaunched(file: unknown, args: unknown, options: object, own: ResolvedCageOptions): AnyReturns {
  const startMs = performance.now();
  const call = readCall(file, args, options);
  if (call === undefined) return refuse(file, args, options);
  const end = runCaged(call, own);
  const result = end.result ?? unstarted();
  if (end.errno !== undefined) Object.assign(result, unstarted(), { error: nodeError(end.errno, call) });
  return withOutcome(result, end, startMs);
}

function runCaged(call: SyncCall, own: ResolvedCageOptions): LaunchedEnd<NodeReturns> {
  const { file, argv, options, uid, gid } = call;
  const count = stdioCount(options.stdio);
  const inside = own.root === undefined ? undefined : textOf(options.cwd);
  const request = {
    file,
    args: argv,
    // As Node reads it.
    env: options.env || process.env,
    options: { uid, gid, detached: isDetached(options), stdioCount: count, cwd: inside },
  };
  const killSignal = options.killSignal ?? defaultKillSignal(own.namespaces);
  return runThroughLauncher(request, own, (command) => {
    const [, ...args] = command.args;
    const result = spawnSyncAlone(command.file, args, {
      ...options,
      ...(inside !== undefined && { cwd: undefined }),
      env: command.env,
      ...(killSignal !== undefined && { killSignal }),
      stdio: withFds(options.stdio, command.fds),
    }) as NodeReturns;
    const output = result.output as typeof result.output | null;
    if (output !== null) {
      output.splice(count);
      [, result.stdout, result.stderr] = output as [unknown, string, string];
    }
    const { error } = result as { error?: NodeJS.ErrnoException };
    if (error?.errno !== undefined) result.error = nodeError(error.errno, call);
    return result;
  });
}

/** Undefined for what Node refuses, or ignores. */
function textOf(cwd: string | URL | undefined): string | undefined {
  if (cwd instanceof URL && cwd.protocol === 'file:') return fileURLToPath(cwd);
  return typeof cwd === 'string' && !cwd.includes('\0') ? cwd : undefined;
}

/** Node's typings lack `detached` for these functions, but the functions have it. */
function isDetached(options: object): boolean {
  return 'detached' in options && options.detached === true;
}

/** Node throws for these arguments. If it does not, there is no directory for the child to start in. */
function refuse(file: unknown, args: unknown, options: unknown): never {
  const nowhere = isOptions(options) ? { ...options, cwd: '/dev/null/' } : options;
  spawnSyncByNode(file, args, nowhere);
  throw new MemcageError(ErrorCode.UNSUPPORTED, 'This version of Node accepts arguments that memcage does not support');
}

/** Node's result for a child that never started, without `error`. Its form depends on the version of Node. */
function unstarted(): NodeReturns {
  const { error: _, ...result } = spawnSyncAlone('/dev/null', [], {}) as NodeReturns;
  return result;
}

/** Like Node's ErrnoException. */
function nodeError(errno: number, { file, argv }: SyncCall): Error {
  const code = getSystemErrorName(errno);
  const syscall = `spawnSync ${file}`;
  const error = new Error(`${syscall} ${code}`);
  Error.captureStackTrace(error, runLaunched);
  return Object.assign(error, { errno, code, syscall, path: file, spawnargs: argv.slice(1) });
}
