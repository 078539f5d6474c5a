/**
 * Words of a message for which a program with users of its own may have others: to the command line's, the option `namespaces.user` is
 * `--user`.
 */
export interface Mention {
  /** The option, `root.binds[1]`, or one of the names below. */
  readonly name: string;
  /** What the option is set to, if the words say that too. */
  readonly value?: string;
  /** The words, for who calls memcage. */
  readonly text: string;
}

/** What a {@link Mention} names if not an option, none of which has a blank in its name. */
export const THE_FUNCTION = 'the function';
export const ITS_OPTIONS = 'its options';
export const A_FILTER = 'a seccomp filter';
export const A_SIZE = 'a size';
export const A_POSITIVE_SIZE = 'a size above 0';
/** The `false` of `nodeHeap`. */
export const NO_HEAP_LIMIT = 'no limit of the heap';
/** For what nobody can say but in JavaScript. */
export const ONLY_IN_CODE = 'only in code';

const THE_CURE = 'the cure';
/** Begins what helps, with which a message may end: the error has it as `cure`. */
export const CURE: Mention = { name: THE_CURE, text: '. Cure: ' };
/** {@link CURE} after a question. */
export const CURE_AFTER_QUESTION: Mention = { name: THE_CURE, text: ' Cure: ' };

/** A message, or a part of one. */
export type Words = string | Mention | readonly (string | Mention)[];

export function mention(name: string, text = name): Mention {
  return { name, text };
}

/** An option, and what it is set to: `root.path: /srv`. */
export function mentionSet(name: string, value: string): Mention {
  return { name, value, text: `${name}: ${value}` };
}

/** Puts words together, as a template does with strings. */
export function words(texts: readonly string[], ...between: Words[]): Words {
  return texts.flatMap((text, index) => [...partsOf(between[index - 1] ?? ''), text]);
}

export function textOf(all: Words): string {
  const texts = partsOf(all).map((part) => (typeof part === 'string' ? part : part.text));
  return texts.join('');
}

/** What a message says before its {@link CURE}, and after it. */
export function splitAtCure(all: Words): { detail: string; cure: string | undefined } {
  const parts = partsOf(all);
  const at = parts.findIndex((part) => typeof part !== 'string' && part.name === THE_CURE);
  if (at === -1) return { detail: textOf(all), cure: undefined };
  return { detail: textOf(parts.slice(0, at)), cure: textOf(parts.slice(at + 1)) };
}

/** Gives an error the words of its message, where no user sees them. */
export function keepWords(error: Error, message: Words): void {
  if (typeof message !== 'string') Object.defineProperty(error, 'words', { value: partsOf(message) });
}

function partsOf(all: Words): readonly (string | Mention)[] {
  return typeof all === 'string' || 'name' in all ? [all] : all;
}
