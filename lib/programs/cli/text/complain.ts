import { printable } from '../../../index';

/** Writes a line to stderr that may have names in it that others chose: a terminal would obey some characters. */
export function complain(message: string): void {
  process.stderr.write(`memcage: ${message.split('\n').map(printable).join('\n')}\n`);
}
