import type { Kind, Suggestion } from './kinds';
import type { OptionName } from './option-names';

export interface Option {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** What its value looks like; left out if it has none. */
  readonly kind?: Kind<unknown>;
  readonly help: string;
  /** What holds without it, for the help. */
  readonly otherwise?: string;
  /** The heading in the help under which the option is. */
  readonly section: string;
  /** Whether it may be given several times: its value is then a list. */
  readonly multiple?: true;
  /** The library's option that it is: where its value goes, and what errors call it. */
  readonly sets?: OptionName;
  /** What an option without a value sets. Default: true. */
  readonly to?: false;
}

/** Options by their long names. */
export type Options = Readonly<Record<string, Option>>;

type More = Partial<Pick<Option, 'short' | 'otherwise' | 'multiple' | 'sets' | 'to'>>;

/** An option with a value of this kind. */
type Valued<K> = Pick<Option, 'help' | 'section'> & { readonly type: 'string'; readonly kind: K };

/** Makes the options of one section of the help. */
export const section = (title: string) => ({
  /** An option without a value. */
  flag: (help: string, more: More = {}) => ({ type: 'boolean' as const, help, section: title, ...more }),
  /** An option with a value. */
  valued: <K extends Kind<unknown>, const M extends More = Record<never, never>>(
    kind: K,
    help: string,
    more?: M,
  ): Valued<K> & NoInfer<M> => ({ type: 'string', kind, help, section: title, ...(more as M) }),
});

export const { flag, valued } = section('Options');

/** The words for an option: `--size`, `-s`. */
export function wordsFor([name, { short }]: [name: string, option: Option]): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

/** The options with a value. */
export function valuedOf(options: Options): [name: string, option: Option][] {
  return Object.entries(options).filter(([, { type }]) => type === 'string');
}

/** The words that are neither options nor values of options. */
export interface Operands {
  /** What a message calls one of them. */
  readonly name: string;
  readonly least: 0 | 1;
  /** Default: any number. */
  readonly most?: 0 | 1;
  /** The first one ends the options: the words after it belong to another program. */
  readonly endOptions?: boolean;
  readonly suggest?: Suggestion;
  /** Where there are none: the command that takes one. */
  readonly elsewhere?: string;
}

export type Values<O extends Options> = {
  readonly [N in keyof O]?: O[N] extends { kind: Kind<infer T> }
    ? O[N] extends { multiple: true }
      ? readonly T[]
      : T
    : boolean;
};

/** A command of memcage, as the parser, the help and the shells' completion see it. */
export interface CommandTexts {
  readonly name: string;
  /** What follows the name, except for options: `[CGROUP|PID|CONTAINER]`. */
  readonly synopsis: string;
  /** One line without a full stop, for the list of commands. */
  readonly summary: string;
  /** Paragraphs. */
  readonly details: readonly string[];
  readonly operands: Operands;
  /** Options that it does not have, and what to do instead. */
  readonly elsewhere?: Readonly<Record<string, string>>;
  readonly exitCodes: readonly (readonly [code: string, meaning: string])[];
  readonly examples: readonly (readonly [line: string, meaning: string])[];
}

export interface Command extends CommandTexts {
  readonly options: Options;
  /**
   * Resolves with the exit code. Rejects with UsageError.
   *
   * @param words the words after the name
   */
  execute(words: readonly string[]): Promise<number>;
}

/** The exit code of every failure of memcage itself. */
export const FAILED = 125;
export const FAILED_TEXT = ['125', 'memcage failed: wrong usage, no such cgroup, or the kernel refused'] as const;

/** The exit codes of a command of memcage that ends as COMMAND ends. */
export const COMMAND_EXIT_CODES = [
  ["COMMAND's own", 'it has run'],
  ['128 + N', 'signal N ended it'],
  FAILED_TEXT,
  ['126', "COMMAND can't be run"],
  ['127', 'COMMAND was not found'],
] as const;
