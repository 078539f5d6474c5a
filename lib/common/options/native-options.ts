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
      return Reflect.apply(plain, undefined, [withInherited(options, names.known), ...more]);
    };
    known = { plain, checked: Object.defineProperty(call, 'name', { value: key }) };
    checked.set(key, known);
  }
  return known.checked;
}

function isTaker(member: unknown): member is AddonFunction {
  return typeof member === 'function' && 'options' in member && member.options !== '';
}
