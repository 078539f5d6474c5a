/** What a shell suggests at a place of the command line: names of cgroups, files, commands, or the given words. */
export type Suggestion = 'cgroup' | 'file' | 'command' | readonly string[];

export interface Option {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** What the help calls its value: `SIZE`. */
  readonly value?: string;
  readonly help: string;
  /** The heading in the help under which the option is. */
  readonly section: string;
  readonly suggest?: Suggestion;
  /** Whether it may be given several times: its value is then a list. */
  readonly multiple?: true;
  /** Whether its value may be a negative number, also as the next word: `--nice -5`. */
  readonly signed?: true;
}

/** Options by their long names. */
export type Options = Readonly<Record<string, Option>>;

type More = Partial<Pick<Option, 'short' | 'suggest' | 'multiple' | 'signed'>>;

/** Makes the options of one section of the help. */
export const section = (title: string) => ({
  /** An option without a value. */
  flag: (help: string, more: More = {}) => ({ type: 'boolean' as const, help, section: title, ...more }),
  /** An option with a value. */
  valued: <const M extends More = Record<never, never>>(value: string, help: string, more?: M) => ({
    type: 'string' as const,
    value,
    help,
    section: title,
    ...(more as M),
  }),
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
}

export type Values<O extends Options> = {
  readonly [N in keyof O]?: O[N] extends { multiple: true }
    ? readonly string[]
    : O[N]['type'] extends 'boolean'
      ? boolean
      : string;
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
  readonly exitCodes: readonly (readonly [code: string, meaning: string])[];
  readonly examples: readonly (readonly [line: string, meaning: string])[];
}

export interface Command extends CommandTexts {
  readonly options: Options;
  /** @param words the words after the name */
  execute(words: readonly string[]): number | Promise<number>;
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
