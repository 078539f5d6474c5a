import { invalidArgument } from '../errors/argument-errors';
import { isRecord, refuseUnknown, withInherited } from './option-names';

/** A function of the addon. It reads the options that it knows, if they are the object's own, and ignores others. */
interface AddonFunction {
  (...args: unknown[]): unknown;
  /** Names of those it knows, with a blank between two; empty if it takes none. */
  readonly options: string;
}

const checked = new Map<string | symbol, { plain: unknown; checked: unknown }>();

/** Wraps a member of the addon so that a function refuses unknown options, and takes inherited ones. */
export function withCheckedOptions(key: string | symbol, plain: unknown): unknown {
  if (typeof key !== 'string' || !isTaker(plain)) return plain;
  let known = checked.get(key);
  if (known?.plain !== plain) {
    const names = { of: `native.${key}`, known: plain.options.split(' ') };
    const call = (options: unknown, ...more: unknown[]): unknown => {
      if (!isRecord(options)) return Reflect.apply(plain, undefined, [options, ...more]);
      refuseUnknown(options, names);
      const given = withInherited(options, names.known);
      for (const [name, value] of Object.entries(given)) refuseInheriting(name, value);
      return Reflect.apply(plain, undefined, [given, ...more]);
    };
    known = { plain, checked: Object.defineProperty(call, 'name', { value: key }) };
    checked.set(key, known);
  }
  return known.checked;
}

/** The addon reads what an object within the options has itself: what it inherits would be left out without a word. */
function refuseInheriting(option: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (Array.isArray(value)) {
    for (const each of value) refuseInheriting(option, each);
    return;
  }
  const prototype = Reflect.getPrototypeOf(value);
  // The prototype of another realm's plain objects has no prototype either.
  if (prototype !== null && Reflect.getPrototypeOf(prototype) !== null)
    throw invalidArgument(option, 'a plain object, which inherits nothing', value);
  for (const [name, each] of Object.entries(value)) refuseInheriting(`${option}.${name}`, each);
}

function isTaker(member: unknown): member is AddonFunction {
  return typeof member === 'function' && 'options' in member && member.options !== '';
}
