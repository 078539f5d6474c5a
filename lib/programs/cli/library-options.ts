import type { Options, Values } from './command';
import type { LibraryOptions } from './option-names';

/** What the given options of a table set. Only the library knows whether it makes sense. */
export function libraryOptions<O extends Options>(table: O, values: Values<O>): LibraryOptions {
  const options: Record<string, unknown> = {};
  for (const [name, { sets, to = true }] of Object.entries(table)) {
    const value: unknown = values[name];
    if (sets === undefined || value === undefined) continue;
    put(options, sets.split('.'), value === true ? to : value);
  }
  return options;
}

/** `namespaces.pid.init` takes the place of `namespaces.pid: true`. */
function put(options: Record<string, unknown>, [name = '', ...inner]: readonly string[], value: unknown): void {
  if (inner.length === 0) {
    options[name] = value;
    return;
  }
  const within = typeof options[name] === 'object' ? (options[name] as Record<string, unknown>) : {};
  options[name] = within;
  put(within, inner, value);
}
