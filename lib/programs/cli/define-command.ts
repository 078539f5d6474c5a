import { type Command, type CommandTexts, flag, type Options, type Values } from './command';
import { helpOf } from './help';
import { parseWords } from './parse-words';
import { print } from './text/output';

export const { version: VERSION } = require('../../../package.json') as { version: string };

interface Definition<O extends Options> extends CommandTexts {
  readonly options: O;
  /** Returns the exit code. Throws UsageError for wrong usage that the tables can't reveal. */
  run(values: Values<O>, operands: readonly string[]): number | Promise<number>;
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
    execute(words) {
      const { values, operands } = parseWords(words, command);
      if (values['help'] === true) return print(helpOf(command));
      if (values['version'] === true) return print(`${VERSION}\n`);
      // The values were parsed with the table from which their type is made.
      return definition.run(values as Values<O>, operands);
    },
  };
}
