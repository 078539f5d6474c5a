import { basename } from 'node:path';
import { printable } from '../../../common/text/names';
import { truncate, widthOf } from '../../../common/text/text-width';

/**
 * A command for people, from its beginning: the program without its directory, and its arguments. If that is too long, paths
 * among the arguments lose their directories too, and then the end is cut off. Of memcage's own init, it is what that has started.
 */
export function commandText(command: readonly string[], width: number, ellipsis: string): string {
  const [program = '', ...args] = launchedCommand(command) ?? command;
  const words = [args.length === 0 ? ofTitle(program) : basename(program) || program, ...args];
  const whole = words.map(printable).join(' ');
  if (widthOf(whole) <= width) return whole;
  const short = words.map((word) => printable(word.startsWith('/') ? basename(word) || word : word)).join(' ');
  return truncate(short, width, ellipsis);
}

/** What memcage's own program, which may stay as an init, was told to start; undefined of any other program. */
export function launchedCommand([program = '', version = '', ...words]: readonly string[]): string[] | undefined {
  const end = words.indexOf('--');
  const isLauncher = basename(program) === 'memcage-exec' && /^\d+$/.test(version) && end !== -1;
  return isLauncher ? words.slice(end + 1) : undefined;
}

/** A program may have replaced its arguments with one text of its own: `nginx: worker process`. */
function ofTitle(text: string): string {
  const [, program = text, rest = ''] = /^(\/\S*)(.*)$/s.exec(text) ?? [];
  return program.startsWith('/') ? `${basename(program) || program}${rest}` : text;
}
