import { wrap } from '../../common/text/text-width';
import type { Command, CommandTexts, Option, Options } from './command';

const WIDTH = 100;

type HelpRow = readonly [left: string, right: string];

/** The help of one command. */
export function helpOf({ name, synopsis, details, options, exitCodes, examples }: CommandTexts & { options: Options }) {
  return paragraphs([
    `Usage: memcage ${name} [OPTION]...${synopsis === '' ? '' : ` ${synopsis}`}`,
    ...details.map((text) => wrapped(text, 0)),
    ...sectionsOf(options).map(([section, rows]) => titled(section, rows)),
    titled('Exit codes', exitCodes),
    `Examples:\n${examples.map(([line, meaning]) => `  ${line}\n      ${wrapped(meaning, 6)}`).join('\n')}`,
  ]);
}

/** The help of memcage: the list of all commands. */
export function overviewOf(commands: readonly Command[]): string {
  return paragraphs([
    'Usage: memcage COMMAND [OPTION]... [ARG]...\n   or: memcage help [COMMAND]\n   or: memcage --version',
    titled(
      'Commands',
      commands.map(({ name, summary }) => [name, summary]),
    ),
    wrapped(
      'A CGROUP is the absolute path of a memory cgroup. A PID is a process in one. A CONTAINER is the id of a container, ' +
        'or at least its first 4 digits, its name in Docker or Podman, or the name of an LXC container, a systemd unit or ' +
        'the last directory of a cgroup. A word of digits is a PID if there is such a process.',
      0,
    ),
    titled('Exit codes', [
      ['0', 'done'],
      ['125', 'memcage failed; stderr says why'],
      ['128 + N', 'signal N ended it; 141 if nobody reads its output any more'],
      [
        'other',
        "of the command that 'memcage run' or 'memcage init' runs; 126: it can't be run, 127: it was not found",
      ],
    ]),
    "'memcage COMMAND --help' tells more, with examples.",
  ]);
}

function sectionsOf(options: Options): [section: string, rows: HelpRow[]][] {
  const sections = new Map<string, HelpRow[]>();
  for (const [name, option] of Object.entries(options)) {
    const { section } = option;
    sections.set(section, [...(sections.get(section) ?? []), [leftOf(name, option), textOf(option)]]);
  }
  return [...sections];
}

function leftOf(name: string, { short, kind }: Option): string {
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${kind === undefined ? '' : ` ${kind.value}`}`;
}

function textOf({ help, multiple, otherwise }: Option): string {
  const times = multiple === true ? '; any number of times' : '';
  return `${help}${times}${otherwise === undefined ? '' : ` (default: ${otherwise})`}`;
}

function titled(title: string, rows: readonly HelpRow[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${wrapped(right, width + 4)}`);
  return `${title}:\n${lines.join('\n')}`;
}

/** Wraps a text at {@link WIDTH}. Its first line is already indented; the others get `indent` spaces. */
function wrapped(text: string, indent: number): string {
  return wrap(text, WIDTH - indent).join(`\n${' '.repeat(indent)}`);
}

function paragraphs(texts: readonly string[]): string {
  return `${texts.join('\n\n')}\n`;
}
