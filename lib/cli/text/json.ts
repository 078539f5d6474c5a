/** One value, for programs. JSON has no Infinity, so an absent limit is 'max', as in the kernel's files. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, finite, 2)}\n`;
}

/** Like {@link toJson}, on one line: for output of many values. */
export function toJsonLine(value: unknown): string {
  return `${JSON.stringify(value, finite)}\n`;
}

function finite(_name: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? 'max' : value;
}
