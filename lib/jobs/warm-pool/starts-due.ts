const FIRST_MS = 100;
const MOST_MS = 60_000;

/** The children of a pool, and what it is to have. */
export interface PoolState {
  /** How many are to wait. */
  spare: number;
  /** The most at a time. */
  maxChildren: number;
  /** How many may load at a time that nobody waits for. */
  fillAtOnce: number;
  /** Whether children may be started that nobody waits for. */
  mayFill: boolean;
  idle: number;
  loading: number;
  busy: number;
  /** Calls that wait for a child. */
  waiting: number;
}

/** How many children to start now. Who waits comes first, and has one started at once. */
export function startsDue({
  spare,
  maxChildren,
  fillAtOnce,
  mayFill,
  idle,
  loading,
  busy,
  waiting,
}: PoolState): number {
  const loadingForNobody = Math.max(0, loading - waiting);
  const missing = spare - idle - loadingForNobody;
  const fill = mayFill ? Math.max(0, Math.min(missing, fillAtOnce - loadingForNobody)) : 0;
  const forCallers = Math.max(0, waiting - loading);
  const room = maxChildren - idle - loading - busy;
  return Math.max(0, Math.min(forCallers + fill, room));
}

/** How long to wait after children that ended before anybody took them: each time twice as long. */
export class Backoff {
  #failures = 0;

  failed(): void {
    this.#failures += 1;
  }

  /** A child was good for something. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** 0 if there is no reason to wait. */
  get delayMs(): number {
    return this.#failures === 0 ? 0 : Math.min(MOST_MS, FIRST_MS * 2 ** (this.#failures - 1));
  }
}
