import { invalidArgument } from '../common/errors/errors';

/** Gives the class of a private cage functions that start nothing: its one child has it to itself. */
export function refuseStarts(prototype: object): void {
  function refuse(this: unknown): never {
    throw invalidArgument('cage', 'a cage of createCage(), which more than one child can start in', this);
  }
  const refused = { spawn: refuse, fork: refuse, exec: refuse, execFile: refuse, run: refuse, contain: refuse };
  Object.assign(prototype, refused);
}
