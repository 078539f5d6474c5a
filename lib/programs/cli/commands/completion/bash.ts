import { type Command, valuedOf, wordsFor } from '../../command';
import type { Suggestion } from '../../kinds';

/** The call of one of the script's functions that suggests words. */
function suggest(suggestion: Suggestion | undefined): string {
  if (suggestion === undefined) return ':';
  return typeof suggestion === 'string' ? `_memcage_${suggestion}` : `_memcage_words ${suggestion.join(' ')}`;
}

function caseOf({ name, options, operands }: Command): string {
  const valued = valuedOf(options);
  const values = valued.map((entry) => `        ${wordsFor(entry).join(' | ')}) ${suggest(entry[1].kind?.suggest)} ;;`);
  return [
    `    ${name})`,
    `      flags='${Object.entries(options).flatMap(wordsFor).join(' ')}'`,
    `      valued='${valued.flatMap(wordsFor).join(' ')}'`,
    ...(operands.endOptions === true ? ['      _memcage_other && return'] : []),
    '      case $option in',
    ...values,
    `        *) if [[ $current == -* ]]; then _memcage_words $flags; else ${suggest(operands.suggest)}; fi ;;`,
    '      esac',
    '      ;;',
  ].join('\n');
}

/** For bash 4.2 or newer, with or without the package bash-completion. */
export function bashScript(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# Completion of memcage for bash. Made by 'memcage completion bash'.

# Not by compgen -W, which expands what it is given: others choose the names of cgroups.
_memcage_add() {
  local word
  while IFS= read -r word; do
    [[ $word == "$current"* ]] && COMPREPLY+=("$(printf '%q' "$word")")
  done
}

_memcage_words() {
  _memcage_add < <(printf '%s\\n' "$@")
}

_memcage_cgroup() {
  _memcage_add < <(memcage ls --targets 2> /dev/null)
}

_memcage_file() {
  compopt -o filenames 2> /dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$current")
}

_memcage_command() {
  mapfile -t COMPREPLY < <(compgen -c -- "$current" | sort -u)
}

# Where options end and another program's words begin: true when that is before the word that is completed.
_memcage_other() {
  local at word
  for ((at = 2; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    if [[ $word == -- ]]; then
      ((at++))
      break
    fi
    [[ $word == -* ]] || break
    if [[ \${COMP_WORDS[at + 1]} == '=' ]]; then
      ((at += 2))
    elif [[ " $valued " == *" $word "* ]]; then
      ((at++))
    fi
  done
  ((at < COMP_CWORD)) || return 1
  if declare -F _comp_command_offset > /dev/null; then
    _comp_command_offset "$at"
  elif declare -F _command_offset > /dev/null; then
    _command_offset "$at"
  else
    _memcage_file
  fi
}

_memcage() {
  local current=\${COMP_WORDS[COMP_CWORD]} option=\${COMP_WORDS[COMP_CWORD - 1]} flags valued
  COMPREPLY=()
  # The equals sign is a word of its own.
  if [[ $current == '=' ]]; then
    current=
  elif [[ $option == '=' ]]; then
    option=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD == 1)); then
    _memcage_words ${names} help --help --version
    return
  fi
  case \${COMP_WORDS[1]} in
    help) _memcage_words ${names} ;;
${commands.map(caseOf).join('\n')}
  esac
}

complete -F _memcage memcage
`;
}
