import { type Command, type Option, type Options, valuedOf, wordsFor } from '../../command';
import type { Suggestion } from '../../kinds';

/** The options of complete(1) for a suggestion. */
function action(suggestion: Suggestion | undefined, options: Options): string {
  if (suggestion === undefined) return '';
  if (typeof suggestion !== 'string') return ` -a ${quote(suggestion.join(' '))}`;
  const actions = {
    cgroup: " -a '(memcage ls --targets 2> /dev/null)'",
    file: ' -F',
    // Names the options that take a value, so that fish finds where the other command begins.
    command: ` -a '(__fish_complete_subcommand --fcs-skip=2 ${valuedOf(options).flatMap(wordsFor).join(' ')})'`,
  };
  return actions[suggestion];
}

function optionLine(command: string, [name, { type, short, help, kind }]: [string, Option]): string {
  const flags = `${short === undefined ? '' : ` -s ${short}`} -l ${name}`;
  return `complete -c memcage -n ${within(command)}${flags}${type === 'string' ? ' -r' : ''}${action(kind?.suggest, {})} -d ${quote(help)}`;
}

function linesOf({ name, summary, options, operands }: Command): string[] {
  const values =
    operands.most === 0 ? [] : [`complete -c memcage -n ${within(name)}${action(operands.suggest, options)}`];
  return [
    `complete -c memcage -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ...Object.entries(options).map((option) => optionLine(name, option)),
    ...values,
  ];
}

function within(command: string): string {
  return quote(`__fish_seen_subcommand_from ${command}`);
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

export function fishScript(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# Completion of memcage for fish. Made by 'memcage completion fish'.

complete -c memcage -f
complete -c memcage -n __fish_use_subcommand -a help -d 'tell more of a command'
complete -c memcage -n '__fish_seen_subcommand_from help' -a ${quote(names)}
${commands.flatMap(linesOf).join('\n')}
`;
}
