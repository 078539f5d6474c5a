import type { SpawnSyncReturns as NodeSpawnSyncReturns } from 'node:child_process';
import type { CpuReport, FaultReport, MemoryReport, Outcome } from '../../../types/outcome';
import { inspectable } from '../../common/text/inspected';

/** What became of a child that was waited for. */
export type SyncOutcome<M extends MemoryReport | null = MemoryReport | null> = Omit<Outcome<M>, 'cpu' | 'faults'> & {
  /** Processor time. Null if Node itself ran the child, and so does not tell: see docs/sync.md. */
  cpu: CpuReport | null;
  /** Page faults. Null in the same cases as `cpu`. */
  faults: FaultReport | null;
};

/** What Node's `spawnSync` returns, with `outcome`. */
export type SpawnSyncReturns<T, M extends MemoryReport | null = MemoryReport | null> = NodeSpawnSyncReturns<T> & {
  /** What became of the child. */
  outcome: SyncOutcome<M>;
};

/** The result with any encoding. */
export type AnyReturns = SpawnSyncReturns<string | Buffer>;
export type NodeReturns = NodeSpawnSyncReturns<string | Buffer>;

/** Adds the outcome to what Node returned. The error of a child that failed is in both. */
export function withOutcome(result: NodeReturns, outcome: SyncOutcome): AnyReturns {
  const { error } = result;
  return Object.assign(result, { outcome: inspectable({ ...(error !== undefined && { error }), ...outcome }) });
}
