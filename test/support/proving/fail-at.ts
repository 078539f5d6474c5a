import { constants } from 'node:os';
import type { Errno } from './errnos';
import { type Operated, type OperateOptions, operate } from './operate';
import type { Point, Role } from './oversee';
import type { Place } from './place';

/** The first, or the last, call of a role with such a subject. */
export interface At {
  role: Role;
  call: string;
  subject?: RegExp;
  last?: boolean;
}

/** Carries an operation out with that call failing. */
export async function failAt(
  operation: string,
  place: Place,
  at: At,
  errno: Errno,
  options: OperateOptions = {},
): Promise<Operated> {
  const { role, call } = at;
  const rules = [`fail ${role} ${call} ${await which(operation, place, at)} ${constants.errno[errno]}`];
  const run = await operate(operation, place, { ...options, rules: [...rules, ...(options.rules ?? [])] });
  if (run.hits.length === 0) throw new Error(`${operation} has no ${role} ${call} ${String(at.subject)}`);
  return run;
}

/** The first is known by its subject. For the last, the operation has to be carried out once more, before. */
async function which(operation: string, place: Place, at: At): Promise<string> {
  const { subject, last = false } = at;
  if (last) return String((await findLast(operation, place, at)).nth);
  // A slash needs no backslash in an expression of the overseer.
  return subject === undefined ? '1' : `1:${subject.source.replaceAll('\\/', '/')}`;
}

async function findLast(operation: string, place: Place, { role, call, subject = /^/ }: At): Promise<Point> {
  const { points } = await operate(operation, place);
  const found = points
    .filter((point) => point.role === role && point.call === call && subject.test(point.subject))
    .at(-1);
  if (found === undefined) throw new Error(`${operation} has no ${role} ${call} ${String(subject)}`);
  return found;
}
