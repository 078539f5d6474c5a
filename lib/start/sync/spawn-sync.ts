import type { SpawnSyncOptions as NodeSpawnSyncOptions } from 'node:child_process';
import type { MemoryReport } from '../../../types/outcome';
import type { CageOptions, CagingOption, OneOf } from '../../cage/contract/cage';
import type { TextEncoding, TextIn } from '../../cage/contract/child-output';
import { NO_LIMITS } from '../../cgroup/controllers/limits-report';
import { misplaced } from '../../common/errors/argument-errors';
import { type Called, strict } from '../../common/options/accepted-options';
import { defaultKillSignal } from '../../process/namespaces/namespaces';
import { isOptions } from '../../process/node-call';
import { permissionModelAllows, refuse } from '../../process/swap-handle';
import { interceptsSync, spawnSyncByNode, spawnSyncWith } from '../../process/sync-functions';
import { runnerFor } from '../launch/launch-now';
import { Start } from '../launch/start';
import { splitOptions } from '../request/cage-options';
import { isPlain, requestOf, startsByNode, turnOf } from '../request/start-request';
import { type AnyReturns, type NodeReturns, type SpawnSyncReturns, withOutcome } from './sync-result';

const ASYNC_ONLY = ['thresholds', 'ipcHandles'] as const;

/** What a synchronous function takes of {@link CageOptions}: nobody could listen to `thresholds` and a channel. */
export type SyncCageOptions = Omit<CageOptions, (typeof ASYNC_ONLY)[number]>;

/** Options of {@link spawnSync}: Node's, and {@link CageOptions}; without `thresholds` and `ipcHandles`, since nobody can listen. */
export interface SpawnSyncOptions<T extends TextEncoding = TextEncoding>
  extends Omit<NodeSpawnSyncOptions, 'encoding'>,
    SyncCageOptions {
  /** Encoding of `stdout` and `stderr`; 'buffer' or null for Buffers. Default: 'buffer'. */
  encoding?: T | undefined;
}

/** Options of {@link spawnSync} with a {@link CagingOption}. */
export type CagedSpawnSyncOptions<T extends TextEncoding = TextEncoding> = OneOf<SpawnSyncOptions<T>, CagingOption>;

/**
 * Like Node's `child_process.spawnSync`, which runs it: signature, options and result are Node's, and the result has
 * `outcome`. When it returns, nothing is left in the child's private cage (without `keepDescendants`), nor of the child in a shared
 * one.
 *
 * ```js run
 * import { spawnSync } from 'memcage';
 *
 * const { status, outcome } = spawnSync('sh', ['-c', 'exit 3'], { memory: '50M' });
 * console.log(status, outcome.oom);
 * ```
 *
 * ```text output
 * 3 null
 * ```
 *
 * @throws a MemcageError when the kernel refuses the cage or the namespaces. What Node reports in `error`
 * arrives there.
 */
export function spawnSync<const T extends TextEncoding = 'buffer'>(
  file: string,
  options: CagedSpawnSyncOptions<T>,
): SpawnSyncReturns<TextIn<T>, MemoryReport>;
export function spawnSync<const T extends TextEncoding = 'buffer'>(
  file: string,
  args: readonly string[] | undefined,
  options: CagedSpawnSyncOptions<T>,
): SpawnSyncReturns<TextIn<T>, MemoryReport>;
export function spawnSync<const T extends TextEncoding = 'buffer'>(
  file: string,
  options: SpawnSyncOptions<T>,
): SpawnSyncReturns<TextIn<T>>;
export function spawnSync<const T extends TextEncoding = 'buffer'>(
  file: string,
  args?: readonly string[],
  options?: SpawnSyncOptions<T>,
): SpawnSyncReturns<TextIn<T>>;
export function spawnSync(file: string, args?: unknown, options?: unknown): SpawnSyncReturns<string | Buffer> {
  return startSync(CALLED, file, args, options);
}

const CALLED = strict('spawnSync', 'spawnSync');

const NOT_INTERCEPTED =
  "Node's binding of the synchronous functions is out of reach (the permission model hides it, another package has replaced it, or " +
  'this is not Node)';
const OTHER_WAYS = 'call run() or spawn(), or start the program through createLauncher()';

/** Node does not tell what a child has used. */
const UNKNOWN = {
  oom: null,
  nodeHeap: null,
  memory: null,
  stalled: null,
  evidence: null,
  enforcedBy: null,
  cpu: null,
  faults: null,
};

/** Runs the call with whatever arguments the caller gave. */
export function startSync(called: Called, file: unknown, args: unknown, last: unknown): AnyReturns {
  const [list, given] = isOptions(args) ? [[], args] : [args, last];
  const options = given === undefined ? {} : given;
  const isShell = isOptions<{ shell?: unknown }>(options as object) && Boolean((options as { shell?: unknown }).shell);
  const { node, own } = splitOptions(options, called, typeof file === 'string' && !isShell ? file : undefined);
  if (!(isOptions(options) && isOptions(node))) return runPlainly(file, list, node);
  refuseAsyncOnly(options, called);
  const request = requestOf(own);
  if (isPlain(request)) return runPlainly(file, list, node);
  const byNode = startsByNode(request);
  // Where the permission model forbids children, Node says so itself.
  if (permissionModelAllows() && !interceptsSync()) refuse(NOT_INTERCEPTED, OTHER_WAYS);
  const start = new Start(request, { turn: turnOf(request, { canWait: false }), byNode });
  const killSignal = (node as NodeSpawnSyncOptions).killSignal ?? defaultKillSignal(request.namespaces);
  const result = start.attempt(() =>
    spawnSyncWith(runnerFor(start), file, list, { ...node, ...(killSignal !== undefined && { killSignal }) }),
  ) as NodeReturns;
  return withOutcome(result, start.over(result.error));
}

function refuseAsyncOnly(options: object, { of }: Called): void {
  for (const name of ASYNC_ONLY) {
    if (!Object.hasOwn(options, name)) continue;
    const why = `to ${of}(), since JavaScript is blocked until the child has ended`;
    throw misplaced(name, why, 'leave it out, or call spawn()');
  }
}

/** Leaves the call to Node alone, which also refuses anything but an options object. */
function runPlainly(file: unknown, args: unknown, options: unknown): AnyReturns {
  const startMs = performance.now();
  const result = spawnSyncByNode(file, args, options) as NodeReturns;
  const { status: exitCode, signal } = result;
  const durationMs = performance.now() - startMs;
  return withOutcome(result, { ...UNKNOWN, limits: { ...NO_LIMITS }, exitCode, signal, durationMs, error: null });
}
