import { forJson } from '../../../common/text/json';
import { printable } from '../../../common/text/names';

/** Writes a line to stderr that may have names in it that others chose: a terminal would obey some characters. */
export function complain(message: string): void {
  process.stderr.write(`memcage: ${message.split('\n').map(printable).join('\n')}\n`);
}

/** What people are told where cages would be listed. */
export const NO_CAGES = 'There is no cage now: memcage run -m 100M COMMAND makes one.';

/** Writes to stdout, and returns the exit code of a command that has done what it was to do. */
export function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** One value, for programs. */
export function toJson(value: unknown): string {
  return `${escaped(JSON.stringify(value, forJson, 2))}\n`;
}

/** {@link toJson} on one line: for output of many values. */
export function toJsonLine(value: unknown): string {
  return `${escaped(JSON.stringify(value, forJson))}\n`;
}

/** A person may look at it in a terminal: what JSON leaves as it is becomes an escape, which is the same to a program. */
function escaped(json: string): string {
  return json.replace(/[^ -~\n]/gu, printable);
}
