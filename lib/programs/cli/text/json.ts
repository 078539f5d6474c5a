import { printable } from '../../../index';

/** One value, for programs. JSON has no Infinity, so an absent limit is 'max', as in the kernel's files. */
export function toJson(value: unknown): string {
  return `${escaped(JSON.stringify(value, finite, 2))}\n`;
}

/** Like {@link toJson}, on one line: for output of many values. */
export function toJsonLine(value: unknown): string {
  return `${escaped(JSON.stringify(value, finite))}\n`;
}

/** A person may look at it in a terminal: what JSON leaves as it is becomes an escape, which is the same to a program. */
function escaped(json: string): string {
  return json.replace(/[^ -~\n]/gu, printable);
}

function finite(_name: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? 'max' : value;
}
