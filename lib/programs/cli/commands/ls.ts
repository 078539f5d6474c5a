import { Cgroup, containerOf } from '../../../cgroup';
import { printable } from '../../../common/text/names';
import { formatSize } from '../../../index';
import { type ListedCage, listCages } from '../../../machine';
import { FAILED_TEXT, flag } from '../command';
import { defineCommand } from '../define-command';
import { NO_OPERANDS } from '../parse-words';
import { toJson } from '../text/output';
import { colorsOf } from '../text/style';
import { tableOf } from '../text/text-table';

export const ls = defineCommand({
  name: 'ls',
  synopsis: '',
  summary: 'list the cages of this machine and their owners',
  details: [
    'Lists the cages that memcage has made on this machine, in any program, as far as their cgroups are ' +
      'mounted here and you may list them. An owner is alive while it holds the lock on its directory; a pid ' +
      'alone proves nothing, since it may be reused. The cage of a detached child stays while a process is in ' +
      'it, even if its owner is dead.',
    'A cage without processes may be one that a program keeps ready for its next child. An owner without ' +
      'cages has a line of its own, with the directory in which it would make them.',
  ],
  operands: NO_OPERANDS,
  options: {
    targets: flag(
      'print what names a cgroup for other commands, one a line: paths of cages, ids of containers and pods',
    ),
    quiet: flag('print the paths only, one a line', { short: 'q' }),
    json: flag('print it as JSON'),
  },
  exitCodes: [['0', 'they were listed, if there are any'], FAILED_TEXT],
  examples: [
    ['memcage ls', 'who has which cages'],
    ['memcage ls --json', 'the same for programs, in bytes'],
    ['memcage ls -q', 'the paths, for other commands'],
  ],
  run({ quiet, targets, json }) {
    if (targets === true) return printLines([...listCages().map(({ path }) => path), ...containerIds()]);
    const cages = listCages();
    if (json === true) process.stdout.write(toJson(cages.map(({ spare: _, ...shown }) => shown)));
    else if (quiet === true) return printLines(cages.map(({ path }) => path));
    else process.stdout.write(render(cages));
    return 0;
  },
});

function printLines(lines: readonly string[]): number {
  // Programs get names as they are. The kernel has no cgroup with a newline in its name.
  const shown = process.stdout.isTTY ? lines.map(printable) : lines;
  process.stdout.write(shown.map((line) => `${line}\n`).join(''));
  return 0;
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

/** `on its own`: a detached child that outlived the owner of its cage. */
function stateOf({ kind, owner, processes }: ListedCage, red: (text: string) => string): string {
  if (owner.alive) return 'alive';
  return kind === 'detached' && processes > 0 ? 'on its own' : red('dead');
}

function render(cages: readonly ListedCage[]): string {
  const { red, bold } = colorsOf(process.stdout);
  const rows = cages.map((cage) => [
    cage.owner.pid === null ? 'hidden' : String(cage.owner.pid),
    stateOf(cage, red),
    cage.usageBytes === null ? '-' : formatSize(cage.usageBytes),
    formatSize(cage.limitBytes),
    String(cage.processes),
    cage.kind === 'cage' ? '' : cage.kind,
    printable(cage.owner.command.join(' ')).slice(0, 40),
    printable(cage.path),
  ]);
  const titles = ['OWNER', 'STATE', 'USAGE', 'LIMIT', 'PROCESSES', 'KIND', 'COMMAND OF OWNER', 'PATH'];
  return tableOf([titles.map(bold), ...rows], ['right', 'left', 'right', 'right', 'right']);
}
