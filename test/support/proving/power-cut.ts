import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { limitOf, members, tree } from '../cgroups/cgroup-tree';
import { type Next, runIn, wrongAmong } from './kills';
import { type Operated, operate } from './operate';
import type { Point } from './oversee';
import type { Place } from './place';

/** An instant at which everybody is killed at once, as by the power, but for what the kernel keeps: the cgroups, and who lives in them. */
export interface Cut {
  operation: string;
  point: Point;
  rules: readonly string[];
  title: string;
}

/** The calls that change what is left. */
const CHANGES: ReadonlySet<string> = new Set([
  ...['mkdirat', 'unlinkat', 'renameat', 'rename', 'linkat', 'unlink', 'rmdir', 'mkdir', 'symlinkat'],
  ...['write', 'pwrite64', 'utimensat', 'fcntl', 'clone', 'clone3', 'execve', 'sendmsg'],
]);

/** What somebody else has there, also with a name like memcage's. */
const STRANGERS = [
  'job-1',
  'memcage',
  'memcage-mine',
  'memcage-7',
  'memcage-7-',
  'memcage-detached-7-xyz',
  'memcage-7-0a-1',
];

const NEXT_MS = 5000;

const OWN = /^memcage-(detached-)?\d+-[0-9a-f]{16}$/;

/** Whether a cut there can leave something else than one before it. */
export function isChange({ call, subject }: Point): boolean {
  return CHANGES.has(call) && !/^(anon_inode|pipe):/.test(subject);
}

export interface Outcome extends Operated {
  /** What was wrong with what was left, and with what became of it. */
  wrong: string[];
}

/** Cuts, looks at what is left, and lets another memcage come. */
export async function cut(
  { operation, rules }: Pick<Cut, 'operation' | 'rules'>,
  place: Place,
  next: Next,
): Promise<Outcome> {
  const wrong: string[] = [];
  const strangers = place.cgroups.flatMap((path) => STRANGERS.map((name) => join(path, name)));
  for (const path of strangers) mkdirSync(path);
  const run = await operate(operation, place, {
    rules,
    open: true,
    graceMs: NEXT_MS,
    onEnd: async () => {
      wrong.push(...place.cgroups.flatMap((path) => notFound(path)));
      await runIn(place, next);
      wrong.push(
        ...strangers.filter((path) => !existsSync(path)).map((path) => `removed ${path}, which was a stranger’s`),
      );
      for (const path of strangers.filter(existsSync)) rmdirSync(path);
    },
  });
  const stays = wrongAmong([...run.left, ...run.remains, ...run.hung], String, { isGuarded: false });
  wrong.push(...stays.map((what) => `after the next memcage: ${what}`));
  return { ...run, wrong };
}

/** What is left in a hierarchy must be in directories that the next memcage knows by their names, and be limited if it has processes. */
function notFound(parent: string): string[] {
  const names = tree(parent)
    .slice(1)
    .map((path) => path.slice(parent.length + 1));
  const unknown = names.filter((name) => !OWN.test(name.split('/')[0] ?? '') && !STRANGERS.includes(name));
  const unlimited = names.filter((name) => isUnlimitedCage(join(parent, name)));
  return [
    ...unknown.map((name) => `left ${join(parent, name)}, which nobody can know`),
    ...unlimited.map((name) => `left processes in ${join(parent, name)} without a limit`),
  ];
}

function isUnlimitedCage(path: string): boolean {
  try {
    return members(path).length > 0 && isAlone(path) && limitOf(path) === Number.POSITIVE_INFINITY;
  } catch {
    // It has no memory controller, or is gone.
    return false;
  }
}

/** Without cgroups below: the processes are in itself. */
function isAlone(path: string): boolean {
  return tree(path).length === 1;
}
