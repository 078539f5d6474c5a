import { invalidArgument } from '../argument-errors';

/** Throws TypeError for a name that does not exist, or for what should be a function, or an object, and is not. */
export function checkOptions(
  options: unknown,
  kinds: Readonly<Record<string, 'function' | 'object' | 'string'>>,
): void {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
  for (const [name, value] of Object.entries(options)) {
    const kind = kinds[name];
    if (kind === undefined) throw invalidArgument('options', `names among ${Object.keys(kinds).join(', ')}`, name);
    if (value !== undefined && (typeof value !== kind || value === null)) {
      throw invalidArgument(name, kind === 'object' ? 'an object' : `a ${kind}`, value);
    }
  }
}
