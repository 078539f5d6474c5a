import { isRecord, refuseUnknown } from './option-names';

/** A function of the addon. It reads the options that it knows, ignores others, and has the names of those it knows. */
interface AddonFunction {
  (...args: unknown[]): unknown;
  /** With a blank between two; empty if it takes none. */
  readonly options: string;
}

const checked = new Map<string | symbol, { plain: unknown; checked: unknown }>();

/** Wraps a member of the addon so that a function refuses unknown options. */
export function withCheckedOptions(key: string | symbol, plain: unknown): unknown {
  if (typeof key !== 'string' || !isTaker(plain)) return plain;
  let known = checked.get(key);
  if (known?.plain !== plain) {
    const names = { of: `native.${key}`, known: plain.options.split(' ') };
    const call = (options: unknown, ...more: unknown[]): unknown => {
      if (isRecord(options)) refuseUnknown(options, names);
      return Reflect.apply(plain, undefined, [options, ...more]);
    };
    known = { plain, checked: Object.defineProperty(call, 'name', { value: key }) };
    checked.set(key, known);
  }
  return known.checked;
}

function isTaker(member: unknown): member is AddonFunction {
  return typeof member === 'function' && 'options' in member && member.options !== '';
}
