import { type Command, FAILED_TEXT } from '../../command';
import { defineCommand } from '../../define-command';
import { UsageError } from '../../usage';
import { bashScript } from './bash';
import { fishScript } from './fish';
import { zshScript } from './zsh';

const SCRIPTS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};
const SHELLS = Object.keys(SCRIPTS);

/** @param commands all commands, including this one */
export function completionOf(commands: () => readonly Command[]): Command {
  return defineCommand({
    name: 'completion',
    synopsis: SHELLS.join('|'),
    summary: 'print a script that makes a shell complete memcage',
    details: [
      'Commands, options and their values are completed; a cgroup by the paths of cages and the ids of containers ' +
        "('memcage ls --targets'); and after 'memcage run' what the shell knows of the command that is run.",
    ],
    operands: { name: 'shell', least: 1, most: 1, suggest: SHELLS },
    options: {},
    exitCodes: [['0', 'it was printed'], FAILED_TEXT],
    examples: [
      ['memcage completion bash > /etc/bash_completion.d/memcage', 'for all users of bash'],
      ['memcage completion zsh > /usr/local/share/zsh/site-functions/_memcage', 'for all users of zsh'],
      ['memcage completion fish > ~/.config/fish/completions/memcage.fish', 'for fish'],
    ],
    run(_, [shell = '']) {
      const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
      if (script === undefined) throw new UsageError(`completion knows ${SHELLS.join(', ')}, not '${shell}'`);
      process.stdout.write(script(commands()));
      return 0;
    },
  });
}
