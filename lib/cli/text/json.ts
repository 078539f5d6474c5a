/** One value, for programs. JSON has no Infinity: no limit is 'max', as in the kernel's files. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, finite, 2)}\n`;
}

/** The same on one line, of which there are many. */
export function toJsonLine(value: unknown): string {
  return `${JSON.stringify(value, finite)}\n`;
}

function finite(_name: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? 'max' : value;
}
