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

/** Carries an operation out twice: to find the call, and with that failing. */
export async function failAt(
  operation: string,
  place: Place,
  at: At,
  errno: Errno,
  options: OperateOptions = {},
): Promise<Operated> {
  const { role, call, nth } = await findPoint(operation, place, at);
  const rules = [`fail ${role} ${call} ${nth} ${constants.errno[errno]}`, ...(options.rules ?? [])];
  return operate(operation, place, { ...options, rules });
}

async function findPoint(
  operation: string,
  place: Place,
  { role, call, subject = /^/, last = false }: At,
): Promise<Point> {
  const { points } = await operate(operation, place);
  const all = points.filter((point) => point.role === role && point.call === call && subject.test(point.subject));
  const found = last ? all.at(-1) : all[0];
  if (found === undefined) throw new Error(`${operation} has no ${role} ${call} ${String(subject)}`);
  return found;
}
