import type { SpawnSyncReturns as NodeSpawnSyncReturns } from 'node:child_process';
import type { CpuReport, FaultReport, MemoryReport, Outcome, StallVerdict } from '../../../types/outcome';
import { inspectable } from '../../common/text/inspected';
import { judgeNodeHeap, type LimitedHeap } from '../../process/node-heap';

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

/** Text with an encoding, else a Buffer. */
export type SyncOutput<O> = O extends { encoding: infer E }
  ? E extends 'buffer' | null | undefined
    ? Buffer
    : E extends BufferEncoding
      ? string
      : string | Buffer
  : 'encoding' extends keyof O
    ? string | Buffer
    : Buffer;

/** The result with any encoding. */
export type AnyReturns = SpawnSyncReturns<string | Buffer>;
export type NodeReturns = NodeSpawnSyncReturns<string | Buffer>;

/** Adds the outcome of a child that Node ran. */
export function withOutcome(
  result: NodeReturns,
  end: Pick<SyncOutcome, 'oom' | 'memory' | 'limits' | 'error' | 'enforcedBy'> & {
    heap?: LimitedHeap | undefined;
    stalled?: StallVerdict;
  },
  startMs: number,
): AnyReturns {
  const { status: exitCode, signal } = result;
  const { oom, memory, limits, stalled = null, enforcedBy, heap } = end;
  const peakBytes = memory?.peakBytes ?? null;
  const error = end.error ?? result.error;
  const outcome: SyncOutcome = {
    exitCode,
    signal,
    oom,
    enforcedBy,
    nodeHeap: heap === undefined ? null : judgeNodeHeap(heap, { exitCode, signal, oom, peakBytes }),
    memory,
    limits,
    stalled,
    cpu: null,
    faults: null,
    durationMs: performance.now() - startMs,
    ...(error !== undefined && { error }),
  };
  return Object.assign(result, { outcome: inspectable(outcome) });
}
