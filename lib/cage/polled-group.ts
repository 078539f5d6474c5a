import { randomBytes } from 'node:crypto';
import type { EnforcedBy } from '../../types/outcome';
import { retry } from '../cgroup/processes/remove-cgroup';
import { ErrorCode, MemcageError } from '../common/errors/errors';
import { openGroup, type PolledGroup, type PolledKill } from './polling/open-group';

export const PATIENCE_MS = 10_000;

/**
 * Kills all processes of a group. Resolves once none is left, and `isDone`; ERR_MEMCAGE_BUSY if that takes too long.
 * Keeps the event loop alive until then: an outcome or a close() depends on it.
 */
export async function emptyGroup(group: PolledGroup, isDone = () => true): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  if (!(await group.killAll(PATIENCE_MS))) throw notEmptied();
  if (!isDone() && !(await retry(isDone, endMs - performance.now()))) throw notEmptied();
}

export function notEmptied(): MemcageError {
  return new MemcageError(ErrorCode.BUSY, `The cage could not be emptied within ${PATIENCE_MS} ms`);
}

export function notAnswered(): MemcageError {
  return new MemcageError(
    ErrorCode.BUSY,
    `The child was not started: what polls its cage did not look at the processes within ${PATIENCE_MS} ms`,
  );
}

/** The processes of one child, or of a whole cage, and how the sampler finds them. */
export interface Polled {
  readonly group: PolledGroup;
  /** `NAME=value`, in the environment of every process of it. */
  readonly marker: string;
}

export function openPolled({
  kind,
  ...options
}: Pick<EnforcedBy, 'kind'> & Omit<Parameters<typeof openGroup>[0], 'marker'>): Polled {
  const marker = newMarker();
  if (kind === 'polled') return { marker, group: openGroup({ ...options, marker }) };
  try {
    return { marker, group: openGroup({ ...options, marker }) };
  } catch {
    // Nothing holds its limits in any case.
    return { marker, group: new UnmeasuredGroup() };
  }
}

/** For the processes of one child in a cage that holds its limits, and knows what becomes of the sampler. */
export function openUnlimited({ kind }: EnforcedBy): Polled {
  return openPolled({ kind, limitBytes: Number.POSITIVE_INFINITY, onKill: ignored });
}

function ignored(_kill: PolledKill): void {}

/** No other group has it: 64 random bits. */
function newMarker(): string {
  return `MEMCAGE_POLLED_${randomBytes(8).toString('hex')}=1`;
}

/** Every look has happened: none will tell more. */
const NOTHING_SEEN: PolledGroup['seen'] = {
  looks: Number.POSITIVE_INFINITY,
  usageBytes: null,
  peakBytes: null,
  kills: 0,
  processes: 0,
  refusedAtBytes: null,
};

/** A group where nothing can look at processes. It knows only those that were added, and not what they start. */
export class UnmeasuredGroup implements PolledGroup {
  readonly id = undefined;
  readonly seen = NOTHING_SEEN;
  /** How each is killed, by pid. */
  readonly #kills = new Map<number, () => void>();

  add(pid: number, kill: () => void): void {
    this.#kills.set(pid, kill);
  }

  /** Nothing can find out whether there is such a child. */
  expectChild(): boolean {
    return true;
  }

  expectNoChild(): void {}

  forget(pid: number): void {
    this.#kills.delete(pid);
  }

  killAll(timeoutMs: number): Promise<boolean> {
    this.killAllNow();
    return retry(() => this.#kills.size === 0, timeoutMs);
  }

  /** The end of a child is not seen while the event loop is blocked. */
  killAllNow(): boolean {
    for (const kill of this.#kills.values()) kill();
    return true;
  }

  lookNow(): boolean {
    return true;
  }

  close(): void {
    this.#kills.clear();
  }
}
