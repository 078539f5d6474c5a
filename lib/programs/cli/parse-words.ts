import { parseArgs } from 'node:util';
import { likelyMeant } from '../../common/errors/likely-meant';
import { ALIASES } from '../../common/options/accepted-options';
import { shellWord } from '../../common/text/names';
import type { MemcageError } from '../../index';
import { type CommandTexts, type Operands, type Option, type Options, wordsFor } from './command';
import { type GivenWords, inFlags, OTHERS } from './flags';
import { UsageError } from './usage';

interface Table extends Pick<CommandTexts, 'name' | 'operands'>, Partial<Pick<CommandTexts, 'elsewhere' | 'examples'>> {
  readonly options: Options;
}

interface Parsed {
  /** The values of options, as they were written. */
  given: GivenWords;
  operands: string[];
  /** A limit of memory among the words of another program, where nothing says that it belongs there: `-m 100M`. */
  late: string | undefined;
}

/** @param words the words after the name of the command */
export function parseWords(words: readonly string[], table: Table): Parsed {
  const [own, operands] = table.operands.endOptions ? splitAtOperand(words, table.options) : [words, []];
  const { values, positionals } = parseOwn(own, table);
  const isLimited = values['memory'] !== undefined || words[own.length] === '--';
  const late = isLimited ? undefined : limitIn(operands, table.options);
  const parsed = { given: values as GivenWords, operands: [...positionals, ...operands], late };
  if (values['help'] !== true && values['version'] !== true) checkCount(parsed.operands, table);
  return parsed;
}

/** What the words mean, by the kind of each option. */
export function readValues(given: GivenWords, options: Options): Readonly<Record<string, unknown>> {
  const read = ([name, words]: [string, GivenWords[string]]): [string, unknown] => {
    const { kind } = options[name] ?? {};
    if (kind === undefined || words === undefined || typeof words === 'boolean') return [name, words];
    return [
      name,
      typeof words === 'string' ? readValue(name, kind, words) : words.map((word) => readValue(name, kind, word)),
    ];
  };
  return Object.fromEntries(Object.entries(given).map(read));
}

function readValue(name: string, kind: NonNullable<Option['kind']>, word: string): unknown {
  let value: unknown;
  try {
    value = kind.read(word);
  } catch (error) {
    const { words, message } = error as Pick<MemcageError, 'message' | 'words'>;
    // The library's parsers call what they read a size.
    const told = inFlags(
      { message: `--${name} ${word}: ${message}`, words },
      { names: { ...OTHERS, size: `--${name}` }, given: {} },
    );
    throw new UsageError(told);
  }
  if (value === undefined) {
    const meant = kind.meant?.(word);
    const question = meant === undefined ? '' : `: did you mean ${meant}?`;
    throw new UsageError(`--${name} is ${kind.takes}, not '${word}'${question}`);
  }
  return value;
}

/** Options end at the first word that is neither an option nor the value of one, or after `--`. */
function splitAtOperand(words: readonly string[], options: Options): [own: string[], operands: string[]] {
  const end = tokensOf(words, options).find(({ kind }) => kind !== 'option');
  if (end === undefined) return [[...words], []];
  return [words.slice(0, end.index), words.slice(end.kind === 'positional' ? end.index : end.index + 1)];
}

function limitIn(operands: readonly string[], { memory }: Options): string | undefined {
  if (memory?.kind === undefined) return undefined;
  const names = wordsFor(['memory', memory]);
  for (const [index, word] of operands.entries()) {
    const [name = '', inline] = word.split('=');
    const size = inline ?? operands[index + 1] ?? '';
    if (index > 0 && names.includes(name) && /^\d+[kmg]/i.test(size))
      return inline === undefined ? `${name} ${size}` : word;
  }
  return undefined;
}

function parseOwn(words: readonly string[], { name, options, elsewhere = {} }: Table) {
  const shorts = new Set(Object.values(options).map(({ short }) => short));
  const args: (string | undefined)[] = [...words];
  for (const token of tokensOf(words, options)) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) {
      const { rawName } = token;
      const meant = Object.hasOwn(elsewhere, rawName)
        ? `: ${elsewhere[rawName]}`
        : question(token.name, namesOf(options));
      throw new UsageError(`Unknown option '${rawName}' of ${name}${meant}`);
    }
    if (option.kind === undefined) continue;
    const { value, inlineValue, rawName, index } = token;
    // Whoever ends the options here, or goes on with the next one, has forgotten it.
    if (value === undefined || (!inlineValue && isOptionWord(value, options))) {
      throw new UsageError(`${rawName} needs a value: ${option.kind.takes}`);
    }
    if (inlineValue && !rawName.startsWith('--') && value.startsWith('=')) {
      throw new UsageError(`${rawName} takes its value without '=': ${rawName} ${value.slice(1)}`);
    }
    if (inlineValue || !/^-./.test(value)) continue;
    // parseArgs() refuses a word with a hyphen as a value, unless it is in the word of the option.
    if (!/^-\d/.test(value) || shorts.has(value.charAt(1))) {
      throw new UsageError(`${rawName} needs a value, not '${value}'; if that is the value: --${token.name}=${value}`);
    }
    args.splice(index, 2, `--${token.name}=${value}`, undefined);
  }
  try {
    return parseArgs({ args: args.filter((word) => word !== undefined), options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function isOptionWord(word: string, options: Options): boolean {
  return word === '--' || (word.startsWith('--') && Object.hasOwn(options, word.slice(2).split('=')[0] ?? ''));
}

function tokensOf(words: readonly string[], options: Options) {
  return parseArgs({ args: [...words], options, allowPositionals: true, strict: false, tokens: true }).tokens;
}

/** What other programs call options. */
const OF_OTHERS = {
  ...ALIASES,
  verbose: 'all',
  memoryhigh: 'high',
  memorylow: 'low',
  memorymin: 'min',
  memoryswap: 'swap',
  memoryswapmax: 'swap',
};

/** The words for options, by what a person may have typed without the hyphens. */
function namesOf(options: Options): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(options).flatMap((each) => wordsFor(each).map((word) => [word.replace(/^-+/, ''), word])),
  );
}

/**
 * Asks whether a similar word was meant, or the one that begins so; empty if there is none.
 *
 * @param known what to say for each word that there is
 */
export function question(word: string, known: ReadonlyMap<string, string>): string {
  const names = [...known.keys()];
  const longer = names.filter((each) => word.length > 1 && each.startsWith(word));
  const meant = likelyMeant(word, names, OF_OTHERS) ?? (longer.length === 1 ? longer[0] : undefined);
  return meant === undefined ? '' : `: did you mean '${known.get(meant)}'?`;
}

function checkCount(words: readonly string[], { name, operands, examples = [] }: Table): void {
  const { least, most = Number.POSITIVE_INFINITY } = operands;
  const example = examples[0] === undefined ? '' : `, as in: ${examples[0][0]}`;
  if (words.length < least) throw new UsageError(`${name} needs a ${operands.name}${example}`);
  if (words.length <= most) return;
  if (most === 0) {
    const { elsewhere } = operands;
    const instead = elsewhere === undefined ? '' : `. Cure: ${elsewhere} ${shellWord(words[0] ?? '')}`;
    throw new UsageError(`${name} takes no '${words[0]}'${instead}`);
  }
  throw new UsageError(`${name} takes one ${operands.name}, not '${words[most]}' as well`);
}

/** For commands without operands. */
export const NO_OPERANDS: Operands = { name: 'operand', least: 0, most: 0 };
