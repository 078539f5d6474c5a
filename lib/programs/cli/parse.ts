import { parseArgs } from 'node:util';
import { likelyMeant } from '../../index';
import type { CommandTexts, Operands, Options } from './command';
import { UsageError } from './usage';

interface Table extends Pick<CommandTexts, 'name' | 'operands'> {
  readonly options: Options;
}

interface Parsed {
  values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  operands: string[];
}

/** @param words the words after the name of the command */
export function parseWords(words: readonly string[], table: Table): Parsed {
  const parsed = table.operands.endOptions ? parseUpToOperand(words, table) : parseAll(words, table);
  const { help, version } = parsed.values;
  if (help !== true && version !== true) checkCount(parsed.operands, table);
  return parsed;
}

function parseUpToOperand(words: readonly string[], table: Table): Parsed {
  const [own, operands] = splitAtOperand(words, table.options);
  return { values: parseAll(own, table).values, operands };
}

function parseAll(words: readonly string[], { name, options }: Table): Parsed {
  const config = { args: withSignedValues(words, options), options, allowPositionals: true } as const;
  const { tokens } = parseArgs({ ...config, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'option' && !Object.hasOwn(options, token.name)) {
      throw new UsageError(
        `Unknown option '${token.rawName}' of ${name}${question(token.name, Object.keys(options), '--')}`,
      );
    }
  }
  try {
    const { values, positionals } = parseArgs({ ...config, strict: true });
    return { values: values as Parsed['values'], operands: positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Writes `--nice -5` as `--nice=-5`: parseArgs() takes a word with a hyphen for an option. */
function withSignedValues(words: readonly string[], options: Options): string[] {
  const joined: string[] = [];
  let isAfterOptions = false;
  for (const word of words) {
    const before = joined.at(-1) ?? '';
    const isSigned = before.startsWith('--') && options[before.slice(2)]?.signed === true;
    if (!isAfterOptions && isSigned && /^-\d+$/.test(word)) joined.splice(-1, 1, `${before}=${word}`);
    else joined.push(word);
    isAfterOptions ||= word === '--';
  }
  return joined;
}

/** Asks whether a similar word was meant; empty if there is none. */
export function question(word: string, known: readonly string[], prefix = ''): string {
  const meant = likelyMeant(word, known);
  return meant === undefined ? '' : `: did you mean '${prefix}${meant}'?`;
}

function checkCount(words: readonly string[], { name, operands }: Table): void {
  const { least, most = Number.POSITIVE_INFINITY } = operands;
  if (words.length < least) throw new UsageError(`${name} needs a ${operands.name}`);
  if (words.length <= most) return;
  if (most === 0) throw new UsageError(`${name} takes no '${words[0]}'`);
  throw new UsageError(`${name} takes one ${operands.name}, not '${words[most]}' as well`);
}

/** Options end at the first word that is neither an option nor the value of one, or after `--`. */
function splitAtOperand(words: readonly string[], options: Options): [own: string[], operands: string[]] {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--') return [words.slice(0, index), words.slice(index + 1)];
    if (!word.startsWith('-') || word === '-') return [words.slice(0, index), words.slice(index)];
    if (takesNextWord(word, options)) index += 1;
  }
  return [[...words], []];
}

/** Whether a word is an option whose value is the next word. */
function takesNextWord(word: string, options: Options): boolean {
  return Object.entries(options).some(
    ([name, { type, short }]) => type === 'string' && (word === `--${name}` || word === `-${short}`),
  );
}

/** For commands without operands. */
export const NO_OPERANDS: Operands = { name: 'operand', least: 0, most: 0 };
