#!/usr/bin/env node
import { shellWord } from './common/text/names';
import { FAILED } from './programs/cli/command';
import { VERSION } from './programs/cli/define-command';
import { COMMAND_NAMES, commandNamed, everyCommand } from './programs/cli/every-command';
import { overviewOf } from './programs/cli/help';
import { question } from './programs/cli/parse-words';
import { complain, print } from './programs/cli/text/output';
import { UsageError } from './programs/cli/usage';

const SIGPIPE = 13;

/** Returns the exit code. */
async function main([name, ...words]: readonly string[]): Promise<number> {
  if (name === '--version') return print(`${VERSION}\n`);
  const asksForHelp = name === 'help' || name === '--help' || name === '-h';
  if (name === undefined || (asksForHelp && words.length === 0)) return print(overviewOf(everyCommand()));
  const [wanted = ''] = asksForHelp ? words : [name];
  const command = commandNamed(wanted);
  try {
    if (command === undefined) throw new UsageError(unknownCommand(wanted, asksForHelp ? [] : words));
    return await command.execute(asksForHelp ? ['--help'] : words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const help = command === undefined ? 'memcage --help' : `memcage ${command.name} --help`;
    complain(`${error.message} (see ${help})`);
    return FAILED;
  }
}

/** Whoever names none of memcage's commands most likely wants to run one of theirs. */
function unknownCommand(name: string, words: readonly string[]): string {
  const known = new Map([...COMMAND_NAMES.map((each) => [each, each] as const), ['version', '--version']]);
  const near = question(/^-v$/i.test(name) ? 'version' : name, known);
  // With more words, it is rather a program of theirs: gcc.
  const shorter = words.length > 0 ? undefined : COMMAND_NAMES.find((each) => each === name.slice(0, -1));
  const meant = near === '' && shorter !== undefined ? `: did you mean '${shorter}'?` : near;
  const line = ['memcage', 'run', name, ...words].map(shellWord).join(' ');
  return `Unknown command '${name}'${meant === '' && words.length > 0 ? `. To run a program in a cage: ${line}` : meant}`;
}

/**
 * Calls `prepare` when a standard stream is first used. Node makes the stream only then. That takes longer than the
 * start of a child, and most runs print nothing.
 */
function whenMade(name: 'stdout' | 'stderr', prepare: (stream: NodeJS.WriteStream) => void): void {
  const stock = Object.getOwnPropertyDescriptor(process, name);
  // A preloaded module replaced the stream.
  if (stock?.get === undefined) {
    prepare(process[name]);
    return;
  }
  let stream: NodeJS.WriteStream | undefined;
  Object.defineProperty(process, name, {
    ...stock,
    get: () => {
      if (stream === undefined) {
        stream = stock.get?.call(process) as NodeJS.WriteStream;
        prepare(stream);
      }
      return stream;
    },
  });
}

// Ends as other programs do when the reader of their pipe is gone, which Node would report as an error. EIO: the
// terminal is gone.
whenMade('stdout', (stdout) =>
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'EIO') process.exit(128 + SIGPIPE);
    complain(`can't write to stdout: ${error.message}`);
    // At once: `top` and `events` would go on for nobody, and the exit code of `doctor` would pass for its answer.
    process.exit(FAILED);
  }),
);

// There is nowhere left to report it, and it must not change the exit code.
whenMade('stderr', (stderr) => stderr.on('error', () => {}));

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    complain(error instanceof Error ? error.message : String(error));
    process.exitCode = FAILED;
  },
);
