import { basename } from 'node:path';
import { printable } from '../../../common/text/names';
import { truncate, widthOf } from './text-width';

/**
 * A command for people, from its beginning: the program without its directory, and its arguments. If that is too long, paths
 * among the arguments lose their directories too, and then the end is cut off.
 */
export function commandText([program = '', ...args]: readonly string[], width: number, ellipsis: string): string {
  const words = [args.length === 0 ? ofTitle(program) : basename(program) || program, ...args];
  const whole = words.map(printable).join(' ');
  if (widthOf(whole) <= width) return whole;
  const short = words.map((word) => printable(word.startsWith('/') ? basename(word) || word : word)).join(' ');
  return truncate(short, width, ellipsis);
}

/** A program may have replaced its arguments with one text of its own: `nginx: worker process`. */
function ofTitle(text: string): string {
  const [, program = text, rest = ''] = /^(\/\S*)(.*)$/s.exec(text) ?? [];
  return program.startsWith('/') ? `${basename(program) || program}${rest}` : text;
}
