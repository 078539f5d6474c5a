import type { SpawnSyncOptions as NodeSpawnSyncOptions } from 'node:child_process';
import type { CageOptions, MemoryOf } from '../../cage/contract/cage';
import { invalidArgument } from '../../common/errors/errors';
import { type Called, strict } from '../../common/options/called';
import type { Exactly } from '../../common/options/exactly';
import { isOptions } from '../../process/node-call';
import { permissionModelAllows, refuse } from '../../process/swap';
import { interceptsSync, spawnSyncByNode } from '../../process/sync-functions';
import { chooseCage } from '../request/cage-choice';
import { splitOptions } from '../request/cage-options';
import { isPlain } from '../request/is-plain';
import { startsByNode } from '../request/starts-by-node';
import { runByNode } from './by-node';
import { runIntercepted } from './intercepted';
import { type AnyReturns, type NodeReturns, type SpawnSyncReturns, type SyncOutput, withOutcome } from './returns';

/** Options of {@link spawnSync}: Node's, and {@link CageOptions}; without `thresholds` and `ipcHandles`, since nobody can listen. */
export type SpawnSyncOptions = NodeSpawnSyncOptions & Omit<CageOptions, 'thresholds' | 'ipcHandles'>;

/**
 * Like Node's `child_process.spawnSync`, which runs it: signature, options and result are Node's, and the result has
 * `outcome`. When it returns, nothing is left in the child's private cage, nor of the child in a shared one.
 *
 * @throws a MemcageError when the kernel refuses the cage or the namespaces. What Node reports in `error`
 * arrives there.
 */
export function spawnSync(file: string): SpawnSyncReturns<Buffer>;
export function spawnSync<const O extends SpawnSyncOptions = object>(
  file: string,
  options: O & Exactly<O, SpawnSyncOptions>,
): SpawnSyncReturns<SyncOutput<O>, MemoryOf<O>>;
export function spawnSync<const O extends SpawnSyncOptions = object>(
  file: string,
  args: readonly string[] | undefined,
  options?: O & Exactly<O, SpawnSyncOptions>,
): SpawnSyncReturns<SyncOutput<O>, MemoryOf<O>>;
export function spawnSync(file: string, args?: unknown, options?: unknown): SpawnSyncReturns<string | Buffer> {
  return startSync(CALLED, file, args, options);
}

const CALLED = strict('spawnSync', 'spawnSync');

const NOT_INTERCEPTED =
  "Node's binding of the synchronous functions is out of reach (the permission model hides it, or another package has replaced it). " +
  'Cure: call run() or spawn(), which do without it';

/** Runs the call with whatever arguments the caller gave. */
export function startSync(called: Called, file: unknown, args: unknown, options: unknown): AnyReturns {
  const [list, given] = isOptions(args) ? [[], args] : [args, options];
  const { node, own } = splitOptions(given === undefined ? {} : given, called);
  if (own.thresholds.length > 0) {
    throw invalidArgument(
      'thresholds',
      'no value (JavaScript is blocked until the child has ended)',
      own.thresholds.map((threshold) => threshold.given),
    );
  }
  if (!isOptions(node)) return runPlainly(file, list, node);
  const choice = chooseCage(own);
  if (isPlain(own, choice)) return runPlainly(file, list, node);
  if (startsByNode(own, choice)) return runByNode(file, list, node, { own, choice });
  // Where the permission model forbids children, Node says so itself.
  if (permissionModelAllows() && !interceptsSync()) refuse(NOT_INTERCEPTED);
  return runIntercepted(file, list, node, own);
}

/** Leaves the call to Node alone, which also refuses anything but an options object. */
function runPlainly(file: unknown, args: unknown, options: unknown): AnyReturns {
  const startMs = performance.now();
  const result = spawnSyncByNode(file, args, options) as NodeReturns;
  return withOutcome(result, { oom: null, memory: null, limits: {}, enforcedBy: null }, startMs);
}
