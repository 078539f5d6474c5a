import type { Command } from './command';
import { completionOf } from './commands/completion/command';
import { doctor } from './commands/doctor';
import { events } from './commands/events';
import { gc } from './commands/gc';
import { kill } from './commands/kill';
import { limit } from './commands/limit';
import { ls } from './commands/ls';
import { run } from './commands/run/command';
import { stat } from './commands/stat';
import { top } from './commands/top/command';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  run,
  ls,
  top,
  stat,
  events,
  limit,
  kill,
  gc,
  doctor,
  completionOf(() => COMMANDS),
];
