import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { version } from '../cgroups/cgroup-tree';
import { isForeign } from './faults';
import { type Finding, left, memoryCgroup, uncaged } from './judge';
import { OPERATE, type Operated, type OperateOptions, operate } from './operate';
import type { Point } from './oversee';
import { ENABLED, type Place } from './place';

/**
 * Who is killed (the guardian before the parent) or stopped, when a call begins. A guardian that was stopped goes on after the end of the
 * parent, a starter at the latest.
 */
export const BLOWS = {
  'kill parent': ['kill parent'],
  'kill guardian': ['kill guardian'],
  'kill both': ['kill both'],
  'stop guardian': ['stop guardian'],
  'stop guardian, kill parent': ['stop guardian', 'kill parent'],
  'kill starter': ['kill starter'],
  'stop starter': ['stop starter'],
  'kill starter, kill parent': ['kill starter', 'kill parent'],
} as const;

export type Blow = keyof typeof BLOWS;

export interface Kill {
  operation: string;
  point: Point;
  blow: Blow;
}

const NEXT = { gc: [join(__dirname, '../../../dist/cli.js'), 'gc'], start: [OPERATE, 'limited'] } as const;
/** Who comes next: it has to find all that is left. */
export type Next = keyof typeof NEXT;
/** A process in an empty cgroup may take this long to end, and the next memcage has to start first. */
const NEXT_MS = 5000;

export function titleOf({ operation, point: { role, call, nth, subject }, blow }: Kill): string {
  return `${operation}: ${blow} at ${role} ${call} ${nth} (${subject})`;
}

/** Whether it hit whom it names: a run differs a little from the one before. */
export function wasDealt({ hits }: Operated, { blow }: Kill): boolean {
  return hits.length === BLOWS[blow].length;
}

const killsParent = (blow: Blow): boolean => BLOWS[blow].some((what) => what === 'kill parent' || what === 'kill both');

/** Of both, either one is enough. */
function whomOf(what: string): readonly (keyof Operated['there'])[] {
  const [, whom] = what.split(' ');
  return whom === 'both' ? ['guardian', 'parent'] : [whom as keyof Operated['there']];
}

/** All blows at an operation that went well, each where everybody is whom it names. */
export function killsAt(operation: string, { points, there }: Operated): Kill[] {
  const blows = Object.keys(BLOWS) as Blow[];
  return points.flatMap((point, index) => {
    const isThere = (whom: keyof typeof there): boolean => there[whom][0] <= index && index < there[whom][1];
    const isDealt = (what: string): boolean => whomOf(what).some(isThere);
    const dealt = isForeign(operation, point) ? [] : blows.filter((blow) => BLOWS[blow].every(isDealt));
    return dealt.map((blow): Kill => ({ operation, point, blow }));
  });
}

/** Deals the blow. Where both are killed, another memcage then starts in the same place, or collects garbage: what it can't find stays. */
export function strike({ operation, point: { role, call, nth }, blow }: Kill, place: Place): Promise<Operated> {
  const rules = BLOWS[blow].map((what) => `${what} ${role} ${call} ${nth}`);
  const options: OperateOptions = { rules, open: true };
  if (blow !== 'kill both') return operate(operation, place, options);
  // It uses every controller: on v1 it looks in the hierarchies of those alone (docs/internals/guardian.md).
  const next = nth % 2 === 0 ? 'gc' : 'start';
  return operate(operation, place, { ...options, graceMs: NEXT_MS, onEnd: () => runIn(place, next) });
}

/** Another memcage, in the place of the first. On v2 nobody can join that before its owner has cleaned up: there it is `memcage gc`, from outside. */
export async function runIn(place: Place, next: Next): Promise<void> {
  const words =
    version === 1 ? [...place.enter, process.execPath, ...NEXT[next]] : [...place.become, process.execPath, ...NEXT.gc];
  const [file = '', ...args] = words;
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...place.env } });
  const exit = new Promise((resolve) => void child.once('exit', resolve));
  const [status, errors] = await Promise.all([exit, text(child.stderr)]);
  if (status !== 0) throw new Error(`the next memcage: ${String(status)}: ${errors}`);
}

export function judgeKill(run: Operated, sound: Operated, { blow }: Kill): Finding[] {
  const found = wrongAmong([...uncaged(run), ...left(run)], ({ what }) => what, { isGuarded: blow !== 'kill both' });
  if (run.hung.length > 0) return [{ wrong: 'hang', what: run.hung.join('; ') }, ...found];
  if (run.hits.length === 0 || killsParent(blow)) return found;
  const { said } = run;
  if (said === undefined || run.status !== 0) {
    return [{ wrong: 'crash', what: `status ${run.status}: ${run.stderr.slice(0, 2000)}` }, ...found];
  }
  // A guardian that was killed before it could answer is an error. Later nobody notices. A starter is replaced.
  const isTold = blow.includes('guardian') && said.first.error?.code === 'ERR_MEMCAGE_GUARDIAN';
  if (isTold || isDeepStrictEqual(said.first, sound.said?.first)) return found;
  return [{ wrong: 'partial', what: JSON.stringify(said.first) }, ...found];
}

/**
 * Without what stays as it should: a detached child lives on in its cgroups. As long as it does, its parent's cgroup can't be given
 * back; and nobody but the guardian does that, since to the next memcage it would be somebody else's.
 */
export function wrongAmong<T>(
  all: readonly T[],
  whatOf: (one: T) => string,
  { isGuarded }: { isGuarded: boolean },
): T[] {
  const living = all.map(whatOf).filter(isDetachedChild);
  const isUsed = living.length > 0;
  const isItsCgroup = (what: string): boolean => {
    const [, name] = /^cgroup .*(\/memcage-detached-\d+-[0-9a-f]+)( with \d+)?$/.exec(what) ?? [];
    return name !== undefined && living.some((child) => child.split(' ').some((line) => line.endsWith(name)));
  };
  const mayStay = (what: string): boolean =>
    isDetachedChild(what) ||
    isItsCgroup(what) ||
    ((isUsed || !isGuarded) && what.startsWith(ENABLED)) ||
    (isUsed && /\/memcage-self-[\w-]+$/.test(what));
  return all.filter((one) => !mayStay(whatOf(one)));
}

/** The program that `detached` of operations.js starts, and in a cage of its own. */
function isDetachedChild(what: string): boolean {
  const isProgram = / sleep 1000\.125( |$)/.test(what);
  return isProgram && /\/memcage-detached-\d+-[0-9a-f]+$/.test(memoryCgroup(what.split(' ')));
}
