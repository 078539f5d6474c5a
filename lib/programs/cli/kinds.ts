import { likelyMeant } from '../../common/errors/likely-meant';
import { numberIn } from '../../common/options/checks';
import { parseDuration } from '../../common/text/duration';
import { parseSize, type Size } from '../../index';

/** What a shell suggests at a place of the command line: names of cgroups, files, commands, or the given words. */
export type Suggestion = 'cgroup' | 'file' | 'command' | readonly string[];

/** What the value of an option looks like. */
export interface Kind<T> {
  /** What the help calls it: `SIZE`. */
  readonly value: string;
  /** What it is, for the error about another text. */
  readonly takes: string;
  readonly suggest?: Suggestion;
  /** Undefined if the text is none. What it throws is told as the reason. */
  read(text: string): T | undefined;
  /** What another text was most likely meant to be. */
  meant?(text: string): string | undefined;
}

/** Any text but the empty one. */
export function text(value: string, takes: string, suggest?: Suggestion): Kind<string> {
  return { value, takes, read: (word) => (word === '' ? undefined : word), ...(suggest !== undefined && { suggest }) };
}

export const FILE = text('FILE', 'the name of a file', 'file');
/** A file called `fd:3` is `./fd:3`. Node makes all fds of one digit close-on-exec, whoever opened them. */
export const FILE_OR_FD: Kind<string | number> = {
  ...FILE,
  value: 'FILE|fd:N',
  takes: `${FILE.takes}, or an fd from fd:0 to fd:9`,
  read(word) {
    if (!word.startsWith('fd:')) return FILE.read(word);
    return /^fd:\d$/.test(word) ? Number(word.slice('fd:'.length)) : undefined;
  },
};

/** The name says what is to be drawn. */
export const CHART_FILE: Kind<string> = {
  ...FILE,
  takes: 'a file whose name ends in .svg, .html or .htm',
  read: (word) => (/\.(?:svg|html?)$/.test(word) ? word : undefined),
};

export const DIRECTORY = text('DIR', 'the name of a directory', 'file');

/** A size stays as it was written: the library reads it. */
export const SIZE: Kind<Size> = {
  value: 'SIZE',
  takes: 'a size such as 512K, 100M or 1.5G, or max for no limit',
  read(word) {
    try {
      parseSize(word);
    } catch (error) {
      // Another reason is worth telling.
      if ((error as { code?: unknown }).code === 'ERR_MEMCAGE_INVALID_SIZE') return undefined;
      throw error;
    }
    return word as Size;
  },
};

/** Times from `least` on, as milliseconds. The library has the bound above where there is no `most`. */
export function time(least: string, most?: string): Kind<number> {
  const bounds = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
  const leastMs = parseDuration(least);
  const mostMs = most === undefined ? Number.POSITIVE_INFINITY : parseDuration(most);
  const examples = leastMs <= 500 ? '500ms, 5s or 2m' : '5s or 2m';
  return {
    value: 'TIME',
    takes: `a time ${bounds}, as in ${examples}`,
    read: (word) => within(parseDuration(word), leastMs, mostMs),
    meant(word) {
      const [, number, unit] = /^(\d+(?:\.\d+)?) ?(ms|[smh])[a-z]*$/i.exec(word) ?? [];
      return unit === undefined ? undefined : `${number}${unit.toLowerCase()}`;
    },
  };
}

/** Integers in digits, with both bounds included. */
export function integer(least: number, most: number): Kind<number> {
  return {
    value: 'N',
    takes: `an integer from ${least} to ${most}`,
    read: (word) => (/^-?\d+$/.test(word) ? within(Number(word), least, most) : undefined),
  };
}

/**
 * A number, or `max` for no limit. The library has the bounds.
 *
 * @param takes what the number is
 */
export function numberOrMax(takes: string): Kind<number | 'max'> {
  return {
    value: 'N',
    takes: `${takes}, or max`,
    suggest: ['max'],
    read: (word) => (word === 'max' ? word : /^\d+(?:\.\d+)?$/.test(word) ? Number(word) : undefined),
    meant: (word) => numberIn(word)?.toString(),
  };
}

export function oneOf<const T extends string>(value: string, words: readonly T[]): Kind<T> {
  return {
    value,
    takes: `one of ${words.join(', ')}`,
    suggest: words,
    read: (word) => words.find((each) => each === word),
    meant: (word) => likelyMeant(word, words),
  };
}

function within(number: number, least: number, most: number): number | undefined {
  return number >= least && number <= most ? number : undefined;
}
