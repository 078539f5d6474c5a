import { constants } from 'node:os';
import { ERRNOS, type Errno, LEFT_OUT } from './errnos';
import type { Point } from './oversee';

/** One call of an operation that fails once. */
export interface Fault {
  operation: string;
  point: Point;
  errno: Errno;
}

/** Files that Node loads as modules: how that fails is Node's affair. */
const MODULE = /\/(dist|node_modules|build|fixtures\/proving)(\/|$)|\/package\.json$/;

/** In these Node starts the child by itself, so what that child does, and its pipes, are Node's affair too. */
const BY_NODE = /^launcher/;
const PIPE = /^(socket|pipe):/;
/** And how libuv hears of its end, without which it waits for ever or aborts. */
const LIBUV_END: readonly string[] = ['rt_sigaction', 'wait4'];

/** In these Node reads what the child writes, and listens to no 'error' of those streams; or reads a channel, and takes any error for its end. */
const READ_BY_NODE = /^(exec(File)?|pool)$/;

/** Whether the point is none of memcage's. */
export function isForeign(operation: string, { role, call, subject }: Point): boolean {
  // The guardian is the only one that memcage clones there, and it is in all the other operations.
  if (role === 'child') return BY_NODE.test(operation);
  if (role !== 'parent') return false;
  // Only libuv has it there, for the channel of fork(): Node loses the message.
  if (call === 'recvmsg') return true;
  if (BY_NODE.test(operation) && LIBUV_END.includes(call)) return true;
  if (READ_BY_NODE.test(operation) && call === 'read' && PIPE.test(subject)) return true;
  // What the guardian is told goes through a socket, too.
  const isPipe = PIPE.test(subject) || call === 'pipe2';
  if (BY_NODE.test(operation) && isPipe && !['sendmsg', 'recvfrom'].includes(call)) return true;
  return MODULE.test(subject) && !subject.endsWith('/memcage-exec');
}

/** All that can fail at the points of an operation. Throws for a call that no table has. */
export function faultsOf(operation: string, points: readonly Point[]): Fault[] {
  return points
    .filter((point) => !isForeign(operation, point) && !(point.call in LEFT_OUT))
    .flatMap((point) => errnosOf(point.call).map((errno) => ({ operation, point, errno })));
}

function errnosOf(call: string): readonly Errno[] {
  const errnos = ERRNOS[call];
  if (errnos === undefined) throw new Error(`errnos.ts does not have the call ${call}`);
  return errnos;
}

export function ruleOf({ point: { role, call, nth }, errno }: Fault): string {
  return `fail ${role} ${call} ${nth} ${constants.errno[errno]}`;
}

export function titleOf({ operation, point: { role, call, nth, subject }, errno }: Fault): string {
  return `${operation}: ${role} ${call} ${nth} (${generalSubject(subject)}) ${errno}`;
}

/** Without what differs from one time to the next. */
export function generalSubject(subject: string): string {
  return subject.replace(/memcage-(detached-|test-)?\d+[-\w]*/g, 'ROOT').replace(/\d+/g, 'N');
}

/** One of those that differ in nothing but the count. */
export function distinct(faults: readonly Fault[]): Fault[] {
  const kinds = new Map<string, Fault>();
  for (const fault of faults) {
    const { operation, point, errno } = fault;
    const kind = [operation, point.role, point.call, generalSubject(point.subject), errno].join('\n');
    if (!kinds.has(kind)) kinds.set(kind, fault);
  }
  return [...kinds.values()];
}
