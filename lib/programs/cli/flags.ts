import type { MemcageError } from '../../index';
import type { Options } from './command';

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
  return told.join('');
}

/** Of the option, or of the one that it is a part of: `--stall` for `stall.limitMs`. */
function nearest(words: Readonly<Record<string, string>>, name: string): string | undefined {
  const around = name.slice(0, Math.max(0, name.lastIndexOf('.')));
  return words[name] ?? (around === '' ? undefined : nearest(words, around));
}
