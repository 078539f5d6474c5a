/** What a shell can suggest at some place of the command line: one of these words, a file, or what names a cgroup. */
export type Suggestion = 'cgroup' | 'file' | 'command' | readonly string[];

export interface Option {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** What its value is: `SIZE`. */
  readonly value?: string;
  readonly help: string;
  /** The heading that it is below in the help. Default: `Options`. */
  readonly section?: string;
  readonly suggest?: Suggestion;
}

/** By their long names. */
export type Options = Readonly<Record<string, Option>>;

/** The words that are neither options nor values of one. */
export interface Operands {
  /** As a message names one. */
  readonly name: string;
  readonly least: 0 | 1;
  /** Default: any number. */
  readonly most?: 0 | 1;
  /** The first one ends the options: what follows is another program's. */
  readonly endOptions?: boolean;
  readonly suggest?: Suggestion;
}

export type Values<O extends Options> = {
  readonly [N in keyof O]?: O[N]['type'] extends 'boolean' ? boolean : string;
};

/** A command of memcage, as far as words, the help and shells know it. */
export interface CommandTexts {
  readonly name: string;
  /** What follows the name, options aside: `[CGROUP|PID|CONTAINER]`. */
  readonly synopsis: string;
  /** One line without an end, for the list of commands. */
  readonly summary: string;
  /** Paragraphs. */
  readonly details: readonly string[];
  readonly operands: Operands;
  readonly exitCodes: readonly (readonly [code: string, meaning: string])[];
  readonly examples: readonly (readonly [line: string, meaning: string])[];
}

export interface Command extends CommandTexts {
  readonly options: Options;
  /** @param words what follows the name */
  execute(words: readonly string[]): number | Promise<number>;
}

/** Each failure that is memcage's own. */
export const FAILED = 125;
export const FAILED_TEXT = ['125', 'memcage failed: wrong usage, no such cgroup, or the kernel refused'] as const;
