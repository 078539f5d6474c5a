import type { Command } from './command';
import { completionOf } from './commands/completion/command';
import { doctor } from './commands/doctor/command';
import { events } from './commands/events';
import { gc } from './commands/gc';
import { init } from './commands/init';
import { kill } from './commands/kill';
import { limit } from './commands/limit';
import { ls } from './commands/ls';
import { run } from './commands/run/command';
import { size } from './commands/size/command';
import { stat } from './commands/stat';
import { top } from './commands/top/command';
import { why } from './commands/why/command';

// Functions, so that `memcage run` does not load the other commands.
const COMMANDS: Readonly<Record<string, () => Command>> = {
  run: () => run,
  size: () => size,
  ls: () => ls,
  top: () => top,
  stat: () => stat,
  events: () => events,
  why: () => why,
  limit: () => limit,
  kill: () => kill,
  gc: () => gc,
  init: () => init,
  doctor: () => doctor,
  completion: () => completionOf(everyCommand),
};

export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** Undefined if no command has the name. */
export function commandNamed(name: string): Command | undefined {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name]?.() : undefined;
}

/** In the order of the help. */
export function everyCommand(): readonly Command[] {
  return Object.values(COMMANDS).map((command) => command());
}
