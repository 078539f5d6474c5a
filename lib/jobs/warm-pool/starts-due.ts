/** The children of a pool, and what it is to have. */
export interface Supply {
  /** How many are to wait. */
  spare: number;
  /** The most at a time. */
  most: number;
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
export function startsDue({ spare, most, fillAtOnce, mayFill, idle, loading, busy, waiting }: Supply): number {
  const loadingForNobody = Math.max(0, loading - waiting);
  const missing = spare - idle - loadingForNobody;
  const fill = mayFill ? Math.max(0, Math.min(missing, fillAtOnce - loadingForNobody)) : 0;
  const forCallers = Math.max(0, waiting - loading);
  const room = most - idle - loading - busy;
  return Math.max(0, Math.min(forCallers + fill, room));
}
