#!/usr/bin/env node
import { FAILED } from './command';
import { overviewOf } from './help';
import { UsageError } from './parse';
import { COMMANDS } from './table';
import { VERSION } from './version';

const SIGPIPE = 13;

/** Returns the exit code. */
async function main([name, ...words]: readonly string[]): Promise<number> {
  if (name === '--version') return print(`${VERSION}\n`);
  const asksForHelp = name === 'help' || name === '--help' || name === '-h';
  if (name === undefined || (asksForHelp && words.length === 0)) return print(overviewOf(COMMANDS));
  const wanted = asksForHelp ? words[0] : name;
  const command = COMMANDS.find((each) => each.name === wanted);
  try {
    if (command === undefined) throw new UsageError(`unknown command '${wanted}'`);
    return await command.execute(asksForHelp ? ['--help'] : words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const help = command === undefined ? 'memcage --help' : `memcage ${command.name} --help`;
    process.stderr.write(`memcage: ${error.message}\nTry '${help}'.\n`);
    return FAILED;
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

// As what a shell runs ends when the reader of its pipe is gone, which Node would report as an error. EIO: its terminal is.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || error.code === 'EIO') process.exit(128 + SIGPIPE);
  process.stderr.write(`memcage: can't write to stdout: ${error.message}\n`);
  // At once: `top` and `events` would go on for nobody, and doctor's own code would be taken for what it found.
  process.exit(FAILED);
});

// There is no place left to tell of it, and the exit code is not to be lost to it.
process.stderr.on('error', () => {});

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`memcage: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = FAILED;
  },
);
