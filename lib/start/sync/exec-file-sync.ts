import type {
  ExecFileSyncOptions as NodeExecFileSyncOptions,
  ExecSyncOptions as NodeExecSyncOptions,
} from 'node:child_process';
import type { TextEncoding, TextIn } from '../../cage/contract/child-output';
import { type Called, strict } from '../../common/options/accepted-options';
import { isOptions } from '../../process/node-call';
import { invokeNodes } from '../../process/node-functions';
import { type SyncCageOptions, startSync } from './spawn-sync';
import type { SpawnSyncReturns } from './sync-result';

/** Options of {@link execFileSync}: Node's, and {@link CageOptions}. */
export interface ExecFileSyncOptions<T extends TextEncoding = TextEncoding>
  extends Omit<NodeExecFileSyncOptions, 'encoding'>,
    SyncCageOptions {
  /** Encoding of what it returns; 'buffer' or null for a Buffer. Default: 'buffer'. */
  encoding?: T | undefined;
}

/** Options of {@link execSync}: Node's, and {@link CageOptions}. */
export interface ExecSyncOptions<T extends TextEncoding = TextEncoding>
  extends Omit<NodeExecSyncOptions, 'encoding'>,
    SyncCageOptions {
  /** Encoding of what it returns; 'buffer' or null for a Buffer. Default: 'buffer'. */
  encoding?: T | undefined;
}

const EXEC_FILE = strict('execFileSync', 'execFileSync');
const EXEC = strict('execSync', 'execSync');

/**
 * Like Node's `child_process.execFileSync`, in a cage and in namespaces. The error that it throws has `outcome`.
 *
 * ```js run
 * import { execFileSync } from 'memcage';
 *
 * console.log(execFileSync('echo', ['hello'], { memory: '50M', encoding: 'utf8' }).trim());
 * ```
 *
 * ```text output
 * hello
 * ```
 *
 * @throws as {@link spawnSync}, and Node's errors when the child did not end with exit code 0
 */
export function execFileSync<const T extends TextEncoding = 'buffer'>(
  file: string,
  options: ExecFileSyncOptions<T>,
): TextIn<T>;
export function execFileSync<const T extends TextEncoding = 'buffer'>(
  file: string,
  args?: readonly string[],
  options?: ExecFileSyncOptions<T>,
): TextIn<T>;
export function execFileSync(file: string, args?: unknown, options?: unknown): string | Buffer {
  return execFileNow(EXEC_FILE, file, args, options);
}

/** {@link execFileSync} under another name. */
export function execFileNow(called: Called, file: string, args: unknown, options: unknown): string | Buffer {
  const [list, given] = isOptions(args) ? [[], args] : [args ?? [], options ?? {}];
  // Node's execFile takes null for both, and throws for anything else.
  if (!Array.isArray(list) || !isOptions<ExecFileSyncOptions>(given as ExecFileSyncOptions)) {
    return invokeNodes('execFileSync', [file, args, options]) as Buffer;
  }
  const { argv0 } = given as { argv0?: string };
  return outputOf(startSync(called, file, list, given), given as ExecFileSyncOptions, () =>
    [argv0 || file, ...(list as readonly unknown[])].join(' '),
  );
}

/**
 * Like Node's `child_process.execSync`, in a cage and in namespaces. The error that it throws has `outcome`.
 *
 * ```js run
 * import { execSync } from 'memcage';
 *
 * console.log(execSync('echo hello', { memory: '50M', encoding: 'utf8' }).trim());
 * ```
 *
 * ```text output
 * hello
 * ```
 *
 * @throws as {@link execFileSync}
 */
export function execSync<const T extends TextEncoding = 'buffer'>(
  command: string,
  options?: ExecSyncOptions<T>,
): TextIn<T>;
export function execSync(command: string, options?: unknown): string | Buffer {
  return execNow(EXEC, command, options);
}

/** {@link execSync} under another name. */
export function execNow(called: Called, command: string, options: unknown): string | Buffer {
  // What is not an object has no properties, as in Node's normalizeExecArgs().
  const given: ExecSyncOptions = isOptions(options) ? called.read(options) : { ...(options as ExecSyncOptions) };
  if (typeof command !== 'string') return invokeNodes('execSync', [command, given]) as Buffer;
  const shell = typeof given.shell === 'string' ? given.shell : true;
  return outputOf(startSync(called, command, { ...given, shell }, undefined), given, () => command);
}

/** Does what Node's checkExecSyncError does. */
function outputOf(
  result: SpawnSyncReturns<string | Buffer>,
  { stdio }: Pick<NodeExecSyncOptions, 'stdio'>,
  command: () => string,
): string | Buffer {
  const { error, status, stdout, stderr } = result;
  if (!stdio && stderr) process.stderr.write(stderr);
  if (error !== undefined) throw Object.assign(error, result);
  if (status === 0) return stdout;
  const said = stderr?.length > 0 ? `\n${stderr.toString()}` : '';
  throw Object.assign(new Error(`Command failed: ${command()}${said}`), result);
}
