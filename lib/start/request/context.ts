import { AsyncLocalStorage } from 'node:async_hooks';
import type { SharedPolledCage } from '../../cage/polled-cage';
import type { SharedKernelCage } from '../../cage/shared-kernel-cage';
import { PACKAGE_ROOT } from '../../common/addon/package-root';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { Turns } from './turns';

/** A cage of createCage(), whatever holds its limits. */
export type AnySharedCage = SharedKernelCage | SharedPolledCage;

/** The surroundings of a call, set by this copy of memcage or by another. */
interface Around {
  /** Path of the copy, for people. */
  copy: string;
  /** The cage, an object of that copy and its version. */
  cage: object;
  /** What becomes of a worker thread. Copies that know nothing of it leave it out. */
  threads?: Threads;
  /** What has the children take turns, of that copy and its version; undefined: they start at once. */
  turns?: Turns;
}

/** Whether worker threads may start, outside of the cage. */
export type Threads = 'refuse' | 'allow';

/** What {@link runWithin} puts around a call. */
interface Surroundings {
  cage: AnySharedCage;
  threads: Threads;
  /** Undefined: children start at once. */
  turns: Turns | undefined;
}

/** All copies of memcage in a thread share one: copies unaware of each other would let children escape. */
const KEY = Symbol.for('memcage.context.1');

const shared = globalThis as { [KEY]?: AsyncLocalStorage<Around> };
shared[KEY] ??= new AsyncLocalStorage<Around>();
const context = shared[KEY];

const own = new WeakSet<object>();

/** Calls `fn` with a cage around it. */
export function runWithin<T>({ cage, threads, turns }: Surroundings, fn: () => T): T {
  own.add(cage);
  return context.run({ copy: PACKAGE_ROOT, cage, threads, ...(turns && { turns }) }, fn);
}

/**
 * The cage of the innermost {@link runWithin} around the caller; undefined if there is none, or it is another copy's.
 */
export function cageAround(): AnySharedCage | undefined {
  const cage = context.getStore()?.cage;
  return cage !== undefined && own.has(cage) ? (cage as AnySharedCage) : undefined;
}

/** What has children in {@link cageAround} take turns, if anything does. */
export function turnsAround(): Turns | undefined {
  return cageAround() === undefined ? undefined : context.getStore()?.turns;
}

/** Whether a worker thread may start, whichever copy's cage is around the caller. */
export function allowsThreads(): boolean {
  return context.getStore()?.threads !== 'refuse';
}

/** Throws within `contain()` of another copy: this copy could not start anything in that cage. */
export function refuseOtherCopy(): void {
  const around = context.getStore();
  if (around === undefined || own.has(around.cage)) return;
  throw new MemcageError(
    ErrorCode.SEVERAL_COPIES,
    `There are several copies of memcage: this one, ${PACKAGE_ROOT}, is called within contain() of ${around.copy}, and can't start ` +
      'anything in its cage. Have one copy: npm ls memcage shows them, npm dedupe may be all that is needed',
    { paths: [PACKAGE_ROOT, around.copy] },
  );
}
