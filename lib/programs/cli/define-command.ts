import { shellWord } from '../../common/text/names';
import { type Command, type CommandTexts, flag, type Options, type Values } from './command';
import { type Flags, flagsOf } from './flags';
import { helpOf } from './help';
import { parseWords, readValues } from './parse-words';
import { complain, print } from './text/output';
import { inOwnWords } from './usage';

export const { version: VERSION } = require('../../../package.json') as { version: string };

interface Definition<O extends Options> extends CommandTexts {
  readonly options: O;
  /**
   * Returns the exit code. Throws UsageError for wrong usage that neither the tables nor the library reveal.
   *
   * @param flags for errors of the library: they are told so if they are thrown
   */
  run(values: Values<O>, operands: readonly string[], flags: Flags): number | Promise<number>;
}

const COMMON = {
  help: flag('print this text', { short: 'h' }),
  version: flag('print the version of memcage'),
} as const satisfies Options;

export function defineCommand<const O extends Options>(definition: Definition<O>): Command {
  const options = { ...definition.options, ...COMMON };
  const command = { ...definition, options };
  return {
    ...command,
    async execute(words) {
      const { given, operands, late } = parseWords(words, command);
      if (given['help'] === true) return print(helpOf(command));
      if (given['version'] === true) return print(`${VERSION}\n`);
      // The values are read with the table from which their type is made.
      const values = readValues(given, options) as Values<O>;
      const flags = flagsOf(options, given);
      if (late !== undefined) {
        const line = `memcage ${command.name} ${late} ${shellWord(operands[0] ?? '')}`;
        complain(`${late} behind the command is its own option, and memcage has no limit of memory. Cure: ${line} ...`);
      }
      try {
        return await definition.run(values, operands, flags);
      } catch (error) {
        throw inOwnWords(error, flags);
      }
    },
  };
}
