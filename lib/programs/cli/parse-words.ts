import { parseArgs } from 'node:util';
import { likelyMeant } from '../../common/options/likely-meant';
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
  const [own, operands] = table.operands.endOptions ? splitAtOperand(words, table.options) : [words, []];
  const { values, positionals } = parseOwn(own, table);
  const parsed = { values: values as Parsed['values'], operands: [...positionals, ...operands] };
  if (values['help'] !== true && values['version'] !== true) checkCount(parsed.operands, table);
  return parsed;
}

/** Options end at the first word that is neither an option nor the value of one, or after `--`. */
function splitAtOperand(words: readonly string[], options: Options): [own: string[], operands: string[]] {
  const end = tokensOf(words, options).find(({ kind }) => kind !== 'option');
  if (end === undefined) return [[...words], []];
  return [words.slice(0, end.index), words.slice(end.kind === 'positional' ? end.index : end.index + 1)];
}

function parseOwn(words: readonly string[], { name, options }: Table) {
  const args: (string | undefined)[] = [...words];
  for (const token of tokensOf(words, options)) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) {
      const meant = question(token.name, Object.keys(options), '--');
      throw new UsageError(`Unknown option '${token.rawName}' of ${name}${meant}`);
    }
    // parseArgs() refuses a word with a hyphen as a value, unless it is in the word of the option.
    const isSigned = option.signed === true && token.inlineValue === false && /^-\d+$/.test(token.value);
    if (isSigned) args.splice(token.index, 2, `${token.rawName}=${token.value}`, undefined);
  }
  try {
    return parseArgs({ args: args.filter((word) => word !== undefined), options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function tokensOf(words: readonly string[], options: Options) {
  return parseArgs({ args: [...words], options, allowPositionals: true, strict: false, tokens: true }).tokens;
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

/** For commands without operands. */
export const NO_OPERANDS: Operands = { name: 'operand', least: 0, most: 0 };
