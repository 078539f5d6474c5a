import { Cgroup, containerOf } from '../../../cgroup';
import { isBudget, isLeaf } from '../../../cgroup/names/own-names';
import { printable } from '../../../common/text/names';
import { cageOf, type ListedCage, listCages } from '../../../machine';
import { FAILED_TEXT, flag } from '../command';
import { defineCommand } from '../define-command';
import { NO_OPERANDS } from '../parse-words';
import { NO_CAGES, print, toJson } from '../text/output';
import { charsetOf, colorsOf, columnsOf } from '../text/style';
import { tableText } from './top/layout';
import { Reader, type Row, type Sample } from './top/reader';
import { type Line, linesOf } from './top/tree';

export const ls = defineCommand({
  name: 'ls',
  synopsis: '',
  summary: 'list the cages of this machine below their owners',
  details: [
    'Lists the programs that have cages on this machine, and below each its cages, with the children and the cages in ' +
      'them, as far as their cgroups are mounted here and you may list them. A budget is one line: --all shows its jobs.',
    'An owner is dead if it does not hold the lock on its directory any more; a pid alone proves nothing, since it may be ' +
      'reused. The cage of a detached child stays while a process is in it, even if its owner is dead.',
    'In a terminal, commands are cut off where a line ends.',
  ],
  operands: { ...NO_OPERANDS, elsewhere: 'memcage stat' },
  options: {
    all: flag('also the jobs of budgets, what is kept ready for the next child, and owners without cages', {
      short: 'a',
    }),
    targets: flag(
      'print what names a cgroup for other commands, one a line: paths of cages, ids of containers and pods',
    ),
    quiet: flag('print the paths only, one a line', { short: 'q' }),
    json: flag('print it as JSON'),
  },
  exitCodes: [['0', 'they were listed, if there are any'], FAILED_TEXT],
  examples: [
    ['memcage ls', 'who has which cages'],
    ['memcage ls --all', 'with the jobs of budgets'],
    ['memcage ls --json', 'all cages for programs, in bytes'],
    ['memcage ls -q', 'the paths, for other commands'],
  ],
  run({ all, quiet, targets, json }) {
    if (targets === true) return printLines([...listCages().map(({ path }) => path), ...containerIds()]);
    if (json === true) return print(toJson(listCages().map(({ spare: _, ...shown }) => shown)));
    if (quiet === true) return printLines(listCages().map(({ path }) => path));
    return print(render(new Reader(all === true ? 'spare too' : 'cages').read(), all === true));
  },
});

function printLines(lines: readonly string[]): number {
  // Programs get names as they are. The kernel has no cgroup with a newline in its name.
  const shown = process.stdout.isTTY ? lines.map(printable) : lines;
  return print(shown.map((line) => `${line}\n`).join(''));
}

/** The ids of all containers that are mounted here, shortened as engines print them. */
function containerIds(): string[] {
  const ids = new Set<string>();
  for (const root of Cgroup.roots()) {
    for (using cgroup of root.descendants()) {
      const container = containerOf(cgroup.path);
      if (container?.path === cgroup.path) ids.add(container.shortId);
    }
    root.close();
  }
  return [...ids];
}

const COLUMNS = ['name', 'usage', 'limit', 'percent', 'pids', 'command'] as const;

function render({ cages, rows }: Sample, all: boolean): string {
  const ofCages = byCage(rows);
  const lines = groupsOf(cages).flatMap((group) => linesOfGroup(group, ofCages, all));
  if (lines.length === 0) return `${NO_CAGES}\n`;
  const columns = columnsOf(process.stdout);
  const names = COLUMNS.filter((name) => name === 'name' || columns >= 60 || name !== 'percent');
  return tableText(lines, columns, { names, colors: colorsOf(process.stdout), charset: charsetOf() });
}

/** The cages of each owner, by pid. The cages of a process's threads, and detached ones, are in several directories. */
function groupsOf(cages: readonly ListedCage[]): ListedCage[][] {
  const groups = new Map<string, ListedCage[]>();
  for (const cage of cages) {
    const { pid, alive } = cage.owner;
    const key = pid === null ? cage.path : `${pid} ${alive}`;
    groups.set(key, [...(groups.get(key) ?? []), cage]);
  }
  const pidOf = ([cage]: readonly ListedCage[]): number => cage?.owner.pid ?? Number.POSITIVE_INFINITY;
  return [...groups.values()].sort((a, b) => pidOf(a) - pidOf(b));
}

/** The rows of a cage and of the leaves in it, by the path of the cage. */
type RowsOfCages = ReadonlyMap<string, readonly Row[]>;

function byCage(rows: readonly Row[]): RowsOfCages {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const path = cageOf(row.path)?.path ?? row.path;
    const beside = found.get(path);
    if (beside === undefined) found.set(path, [row]);
    else beside.push(row);
  }
  return found;
}

/** The owner, and its cages below. */
function linesOfGroup(group: readonly ListedCage[], ofCages: RowsOfCages, all: boolean): Line[] {
  const { tree } = charsetOf();
  const own = group.flatMap(({ path }) => ofCages.get(path) ?? []);
  const isOpen = new Set(all ? own.map(({ path }) => path).filter(isBudget) : []);
  // In a cage, the cages come before the leaves.
  const ordered = [...own].sort((a, b) => Number(isLeaf(a.path)) - Number(isLeaf(b.path)));
  const lines = linesOf(ordered, { tree, flipped: isOpen, nested: true }).map(withHint);
  const [first] = group;
  if (first === undefined || (lines.length === 0 && first.owner.alive && !all)) return [];
  return [ownerLine(first, group), ...lines];
}

/** How to see what a closed line leaves out. */
function withHint(line: Line): Line {
  const { about, state } = line;
  return state === 'closed' ? { ...line, about: { ...about, before: `${about.before}: --all lists them` } } : line;
}

function ownerLine({ owner, kind }: ListedCage, group: readonly ListedCage[]): Line {
  const about = owner.alive
    ? { before: kind === 'owner' ? 'no cages: ' : '', command: owner.command, isBad: false }
    : { before: afterDeath(group), command: [], isBad: true };
  return { row: undefined, guide: '', name: owner.pid === null ? 'hidden' : String(owner.pid), about, state: 'open' };
}

function afterDeath(group: readonly ListedCage[]): string {
  const outlives = group.every(({ kind, processes }) => kind === 'detached' && processes > 0);
  return outlives ? 'dead; its detached child runs on' : 'dead: memcage gc removes what it has left';
}
