import type { SpawnSyncReturns as NodeSpawnSyncReturns } from 'node:child_process';
import type { MemoryReport, Outcome } from '../../../types/outcome';
import { inspectable } from '../../common/text/inspected';

/** What Node's `spawnSync` returns, with `outcome`. */
export type SpawnSyncReturns<T, M extends MemoryReport | null = MemoryReport | null> = NodeSpawnSyncReturns<T> & {
  /** What became of the child. */
  outcome: Outcome<M>;
};

/** The result with any encoding. */
export type AnyReturns = SpawnSyncReturns<string | Buffer>;
export type NodeReturns = NodeSpawnSyncReturns<string | Buffer>;

type AnyOutcome = Outcome<MemoryReport | null>;

/** Adds the outcome to what Node returned. The error of a child that failed is in both. */
export function withOutcome(result: NodeReturns, outcome: AnyOutcome): AnyReturns {
  const error = outcome.error ?? result.error ?? null;
  return Object.assign(result, { outcome: inspectable({ ...outcome, error }) });
}
