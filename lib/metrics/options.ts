import { invalidArgument } from '../errors/argument-errors';
import { refuseUnknown } from '../options/option-names';

/** Throws TypeError for a name that does not exist, or for what should be a function, or an object, and is not. */
export function checkKinds(
  of: string,
  options: unknown,
  kinds: Readonly<Record<string, 'function' | 'object' | 'string'>>,
): void {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
  refuseUnknown(options, { of, known: Object.keys(kinds) });
  for (const [name, kind] of Object.entries(kinds)) {
    const value: unknown = Reflect.get(options, name);
    if (value !== undefined && (typeof value !== kind || value === null)) {
      throw invalidArgument(name, kind === 'object' ? 'an object' : `a ${kind}`, value);
    }
  }
}
