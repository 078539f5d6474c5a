import type { MemcageError } from '../../index';
import type { Options } from './command';
import { SIZE } from './kinds';

/** How the command line says what the library has options for. */
export interface Flags {
  /** Flags by the library's options: `--memory` for `memory.max`. */
  readonly names: Readonly<Record<string, string>>;
  /** Flags with what was given: `--bind /data:/job` for `root.binds[0]`. */
  readonly given: Readonly<Record<string, string>>;
}

/** The words of a command line, by the names of its options. */
export type GivenWords = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What is no option of one flag alone. */
export const OTHERS: Flags['names'] = {
  root: '--root, --read-only, --bind, --tmpfs or --hide',
  'root.readOnly': '--read-only and :ro',
  thresholdMs: '--pressure',
  windowMs: '--pressure',
  'a seccomp filter': 'a file of struct sock_filter, as bwrap and libseccomp write it',
  'a size': SIZE.takes,
  'a size above 0': 'a size above 0 such as 512K, 100M or 1.5G, or max for no limit',
  'no limit of the heap': 'off',
  'only in code': '',
  'the function': '',
};

const RLIMITS = 'rlimits.';

export function flagsOf(options: Options, words: GivenWords): Flags {
  const names: Record<string, string> = {};
  const given: Record<string, string> = {};
  for (const [name, { sets }] of Object.entries(options)) {
    if (sets === undefined) continue;
    const word = words[name];
    names[sets] = `--${name}`;
    if (typeof word === 'string') given[sets] = `--${name} ${word}`;
    if (typeof word !== 'object') continue;
    for (const [index, each] of word.entries()) {
      const key = sets === 'rlimits' ? `${RLIMITS}${each.split('=')[0]}` : `${sets}[${index}]`;
      given[key] = `--${name} ${each}`;
    }
  }
  return { names: { ...names, ...OTHERS }, given };
}

/** The message of an error of the library, with flags instead of options. */
export function inFlags(
  { message, words = [message] }: { message: string; words?: MemcageError['words'] | undefined },
  { names, given }: Flags,
): string {
  const told = words.map((part) => {
    if (typeof part === 'string') return part;
    const { name, value, text } = part;
    if (name.startsWith(RLIMITS) && value === undefined) return `--rlimit ${name.slice(RLIMITS.length)}`;
    const flag = nearest(names, name) ?? names[`${name}.max`];
    if (value === undefined && !name.includes('[')) return flag ?? text;
    return nearest(given, name) ?? (flag === undefined ? text : `${flag} ${value}`);
  });
  return asKind(told.join(''));
}

/** Says what the library expects of a flag in the words for the wrong value of a {@link Kind}. */
function asKind(message: string): string {
  const [, expected, flag, value, received = ''] =
    /^Expected (.*) for (--\S+)(?: (.+?))? but received (.*)$/s.exec(message) ?? [];
  // It is another flag that was given.
  if (expected === undefined || flag === undefined || /^(?:undefined|Infinity)$/.test(received)) return message;
  const quoted = /^[\d.-]+$/.test(received) ? `'${received}'` : received;
  if (flag === '--rlimit') return `${flag} ${value} is ${expected}, not ${quoted}`;
  return value === undefined || quoted === `'${value}'`
    ? `${flag} is ${expected}, not ${quoted}`
    : `${flag} ${value} needs ${expected}, not ${quoted}`;
}

/** Of the option, or of the one that it is a part of: `--stall` for `stall.limitMs`. */
function nearest(words: Readonly<Record<string, string>>, name: string): string | undefined {
  const around = name.slice(0, Math.max(0, name.lastIndexOf('.')));
  return words[name] ?? (around === '' ? undefined : nearest(words, around));
}
