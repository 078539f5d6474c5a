import { setTimeout } from 'node:timers/promises';
import { isBudget } from '../../../../cgroup/names/own-names';
import { FAILED_TEXT, flag, valued } from '../../command';
import { defineCommand } from '../../define-command';
import { oneOf, text, time } from '../../kinds';
import { findTarget, TARGET } from '../../target';
import { NO_CAGES, toJson, toJsonLine } from '../../text/output';
import { charsetOf, colorsOf, columnsOf } from '../../text/style';
import { UsageError } from '../../usage';
import { type Arrangement, SORT_NAMES } from './columns';
import { tableText, whyEmpty } from './layout';
import { Beat, showLive } from './live';
import { Reader, type Row } from './reader';
import type { Selection } from './selection';
import { forPrograms, linesOf } from './tree';
import { INITIAL, KEYS } from './view';

const DEFAULT_MS = 1000;

export const top = defineCommand({
  name: 'top',
  synopsis: `[${TARGET}]...`,
  summary: 'watch the memory of cages, or of any cgroups, as a tree',
  details: [
    'Shows all cages on this machine with the children and the cages in them, or the cgroups that you name, and ' +
      'redraws them every second. A budget is one line, which Enter opens. Columns: usage (everything charged, page cache included) and its percentage of the limit in ' +
      'force; highest usage; working set, which docker stats calls usage; memory of programs, page cache, swap; ' +
      'processes; OOM kills; the command. A narrow terminal leaves out the less important columns.',
    `Keys: ${KEYS.map(([keys, meaning]) => `${keys}: ${meaning}`).join('; ')}.`,
    'If stdout is not a terminal, prints a table for each sample.',
  ],
  operands: { name: 'cgroup', least: 0, suggest: 'cgroup' },
  options: {
    all: flag('every memory cgroup with processes, not only those of cages', { short: 'a' }),
    sort: valued(oneOf('COLUMN', SORT_NAMES), SORT_NAMES.join(', '), { short: 's', otherwise: 'usage' }),
    reverse: flag('the smallest first', { short: 'r' }),
    filter: valued(text('TEXT', 'a part of a name'), 'only those with this in their name, path or command', {
      short: 'f',
    }),
    interval: valued(time('100ms', '24h'), 'time between samples: 100ms, 2s, 1m, or seconds', {
      short: 'i',
      otherwise: '1s',
    }),
    once: flag('one sample, without clearing the screen', { short: '1' }),
    json: flag('print each sample as a line of JSON; with --once, one array'),
  },
  exitCodes: [
    ['0', 'it was ended by q, or all that were named are gone'],
    ['128 + N', 'signal N ended it; 130 for Ctrl-C'],
    FAILED_TEXT,
  ],
  examples: [
    ['memcage top', 'all cages'],
    ['memcage top --all --sort anon', 'every cgroup with processes, the largest programs first'],
    ['memcage top 0123456789ab ssh.service', 'a container and a systemd unit'],
    ['memcage top --once --json', 'one sample for programs'],
  ],
  async run(values, targets) {
    const { sort = 'usage', interval: intervalMs = DEFAULT_MS, filter = '', reverse: reversed = false } = values;
    const selection = selectionOf(targets, values.all === true);
    const reader = new Reader(selection);
    // A budget that you name is open.
    const flipped = new Set(typeof selection === 'string' ? [] : selection.filter(isBudget));
    const arrangement = { sort, reversed, filter };
    const nothing = nothingIn(selection);
    const read = (): readonly Row[] => reader.read().rows;
    if (values.once !== true && values.json !== true && isScreen()) {
      return showLive({ read, intervalMs, view: { ...INITIAL, ...arrangement, flipped }, nothing });
    }
    const table = (rows: readonly Row[]): string => tableOf(rows, { arrangement, flipped, nothing });
    if (values.once === true) {
      const rows = read();
      process.stdout.write(values.json === true ? toJson(forPrograms(rows, arrangement)) : table(rows));
      return 0;
    }
    const print = (rows: readonly Row[]): void => {
      const json = (): string => toJsonLine({ timeMs: Date.now(), cgroups: forPrograms(rows, arrangement) });
      process.stdout.write(values.json === true ? json() : `${table(rows)}\n`);
    };
    return printEach(read, print, { intervalMs, endless: typeof selection === 'string' });
  },
});

async function printEach(
  read: () => readonly Row[],
  print: (rows: readonly Row[]) => void,
  { intervalMs, endless }: { intervalMs: number; endless: boolean },
): Promise<number> {
  const beat = new Beat(intervalMs);
  for (;;) {
    const rows = read();
    if (rows.length === 0 && !endless) return 0;
    print(rows);
    await setTimeout(beat.untilNextMs());
  }
}

interface TableOptions {
  arrangement: Arrangement;
  flipped: ReadonlySet<string>;
  nothing: string;
}

function tableOf(rows: readonly Row[], { arrangement, flipped, nothing }: TableOptions): string {
  const charset = charsetOf();
  const lines = linesOf(rows, { tree: charset.tree, flipped, arrangement });
  if (lines.length === 0) return `${whyEmpty({ rows, nothing }, arrangement)}\n`;
  const style = { sort: arrangement.sort, colors: colorsOf(process.stdout), charset };
  return tableText(lines, columnsOf(process.stdout), style);
}

function nothingIn(selection: Selection): string {
  return selection === 'cages' ? NO_CAGES : 'There is no such cgroup now.';
}

/** A terminal that can move its cursor. */
function isScreen(): boolean {
  return process.stdout.isTTY && process.env['TERM'] !== 'dumb';
}

/** Resolves names and pids to paths, once for all samples. */
function selectionOf(targets: readonly string[], all: boolean): Selection {
  if (targets.length === 0) return all ? 'all' : 'cages';
  if (all) throw new UsageError('top takes cgroups or --all, not both');
  const paths = targets.map((target) => {
    using cgroup = findTarget(target);
    return cgroup.path;
  });
  return [...new Set(paths)];
}
