import { isMainThread } from 'node:worker_threads';
import { cages } from '../../cage/open-cages';
import { removeCageRoots } from '../../cage/root/cage-roots';
import { host } from '../../cgroup/hierarchy/host';
import { giveBackLastingParent, prepareLastingParent } from '../../cgroup/placement/default-parent';
import { loadNative } from '../../common/addon/load-native';
import { invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { checkOptions, isRecord } from '../../common/options/option-names';
import { launcherArguments } from '../../process/launcher/arguments';
import { launcherPath } from '../../process/launcher/executable';
import { NO_NAMESPACES } from '../../process/namespaces/namespaces';

/**
 * Options of {@link becomeInit}.
 *
 * @experimental
 */
export interface BecomeInitOptions {
  /** Environment of the command. Default: that of this process. */
  env?: NodeJS.ProcessEnv;
}

/**
 * Replace this process by an init that runs a command, in which programs can make cages: for the first program of a
 * container, or of a systemd unit with `Delegate=yes`. On cgroup v2 it first moves this process, and what else is in the
 * cgroup of the container or unit, into a cgroup below, and enables the memory controller there. The init has the pid of
 * this process. It reaps orphans, passes signals on, and ends as the command ends.
 *
 * ```js no-run
 * import { becomeInit } from 'memcage/machine';
 *
 * becomeInit('node', ['server.js']);
 * ```
 *
 * This is execve(2): nothing of the program runs any more, and no 'exit' event is emitted. Children of this process
 * become the init's. Call it in the main thread, before you make cages. It does not return.
 *
 * @param command the program, looked up in the `PATH` of `env`. The init exits with 127 if there is none, and with 126 if
 * it can't be run
 * @throws `ERR_MEMCAGE_NO_PARENT` with the `candidates` if no cages could be made, as in a container whose cgroup file
 * system is read-only. `ERR_MEMCAGE_BUSY` while cages of this process are open, or a worker thread
 * that has made some still runs: it keeps one ready. After any error everything is as it was
 *
 * @experimental
 */
export function becomeInit(command: string, args: readonly string[] = [], options: BecomeInitOptions = {}): never {
  const words = [checkText('command', command), ...checkArguments(args)];
  const { env = process.env } = checkOptions(options, { of: 'becomeInit', known: ['env'] });
  if (!isRecord(env)) throw invalidArgument('env', 'an object', env);
  refuseThread();
  refuseOpenCages();
  const file = launcherPath();
  const current = host();
  // The guardian and the locks of open cages would not outlast exec as they should.
  cages.closeMortal();
  removeCageRoots();
  prepareLastingParent(current);
  try {
    const plan = { join: [], namespaces: NO_NAMESPACES, settings: {}, init: false, entryPoint: true };
    return loadNative().execve({ file, args: [file, ...launcherArguments(plan), ...words], env: pairs(env) });
  } catch (error) {
    giveBackLastingParent();
    throw error;
  }
}

function checkText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  throw invalidArgument(name, 'a text without NUL', value);
}

function checkArguments(args: unknown): string[] {
  if (!Array.isArray(args)) throw invalidArgument('args', 'an array of texts', args);
  return args.map((value: unknown) => {
    if (typeof value === 'string' && !value.includes('\0')) return value;
    throw invalidArgument('args', 'an array of texts without NUL', value);
  });
}

function refuseThread(): void {
  if (isMainThread) return;
  const message = 'becomeInit() replaces the whole process, so only its main thread may call it';
  throw new MemcageError(ErrorCode.UNSAFE_THREAD, message);
}

function refuseOpenCages(): void {
  const open = cages.list();
  const paths = open.flatMap((cage) => (cage.cgroup === null ? [] : [cage.cgroup.path]));
  const elsewhere = cages.countElsewhere();
  if (open.length === 0 && elsewhere === 0) return;
  const polled = open.length - paths.length;
  const which = [
    ...paths,
    ...(polled === 0 ? [] : [`${polled} without a cgroup`]),
    ...(elsewhere === 0 ? [] : [`${elsewhere} of worker threads, which are to end`]),
  ];
  const message = `becomeInit() would leave the cages of this process without an owner. Close them first: ${which.join(', ')}`;
  throw new MemcageError(ErrorCode.BUSY, message, { paths });
}

function pairs(env: Record<string, unknown>): string[] {
  return Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${String(value)}`]));
}
