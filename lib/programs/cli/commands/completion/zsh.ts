import type { Command, Option } from '../../command';
import type { Suggestion } from '../../kinds';

/** The action of a suggestion, in the form of `_arguments` in zshcompsys(1). */
function action(suggestion: Suggestion | undefined): string {
  if (suggestion === undefined) return ' ';
  if (typeof suggestion !== 'string') return `(${suggestion.join(' ')})`;
  return { cgroup: '_memcage_cgroup', file: '_files', command: '_normal' }[suggestion];
}

function optionSpec([name, { short, kind, help, multiple }]: [string, Option]): string {
  const text = `[${help.replace(/[[\]\\:]/g, '\\$&')}]`;
  const takes = kind === undefined ? '' : `:${kind.value}:${action(kind.suggest)}`;
  const long = `${multiple === true ? '*' : ''}--${name}${kind === undefined ? '' : '='}`;
  if (short === undefined) return quote(`${long}${text}${takes}`);
  const both = `(-${short} --${name})`;
  return `${quote(both)}{-${short}${kind === undefined ? '' : '+'},${long}}${quote(`${text}${takes}`)}`;
}

function operandSpec({ operands: { name, most, endOptions, suggest } }: Command): string[] {
  if (most === 0) return [];
  if (endOptions === true) return [quote(`*::${name}:${action(suggest)}`)];
  return [quote(`${most === 1 ? '1' : '*'}:${name}:${action(suggest)}`)];
}

function caseOf(command: Command): string {
  const specs = [...Object.entries(command.options).map(optionSpec), ...operandSpec(command)];
  return `    ${command.name})\n      _arguments -s -S \\\n${specs.map((spec) => `        ${spec}`).join(' \\\n')}\n      ;;`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function zshScript(commands: readonly Command[]): string {
  const described = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary.replaceAll(':', '\\:')}`)}`);
  return `#compdef memcage
# Completion of memcage for zsh. Made by 'memcage completion zsh'.

_memcage_cgroup() {
  local -a names
  names=(\${(f)"$(memcage ls --targets 2> /dev/null)"})
  compadd -a names
}

_memcage() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
    help) _describe -t commands command commands ;;
${commands.map(caseOf).join('\n')}
  esac
}

# As a file of fpath, or by eval.
if [[ $funcstack[1] == _memcage ]]; then
  _memcage "$@"
else
  compdef _memcage memcage
fi
`;
}
