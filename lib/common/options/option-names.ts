import {
  invalidArgument,
  isSizeText,
  misplacedOption,
  undefinedOption,
  unknownOption,
} from '../errors/argument-errors';
import { likelyMeant } from '../errors/likely-meant';
import { isNodeOption } from './node-options';
import { whereItBelongs } from './where-it-belongs';

/** The option names of a function, or the names within one of its options. */
export interface OptionNames<K extends string = string> {
  /** The function, as the caller writes it: `run`, `cgroup.watch`. */
  of: string;
  known: readonly K[];
  /** Known as well, but too many for a message, which only says whose they are. */
  others?: { readonly whose: string; readonly names: readonly string[] };
  /** The option whose object has these names: `memory`. */
  within?: string;
  /** An object that can be given, as code. Default: one with `memory`, or the names. */
  example?: string;
  /** What other programs call options, in lower case and without separators. What is none of these options leads nowhere. */
  aliases?: Readonly<Record<string, string>>;
}

/**
 * Checks the options of a function.
 *
 * @throws TypeError when they are not an object, or as {@link readOptions}
 */
export function checkOptions<K extends string>(options: unknown, names: OptionNames<K>): { [N in K]?: unknown } {
  if (!isRecord(options))
    throw invalidArgument(names.within ?? 'options', anObject(options, names.known, names.example), options);
  return readOptions(options, names);
}

/** What to give instead. Whoever gives a size alone means that of `memory`. */
export function anObject(given: unknown, known: readonly string[], example?: string): string {
  if (example !== undefined) return `an object such as ${example}`;
  if (!known.includes('memory')) return known.length === 0 ? 'an object' : `an object of ${known.join(', ')}`;
  return `an object such as { memory: ${isSizeText(given) ? `'${given}'` : "'100M'"} }`;
}

/**
 * Returns the options, or those within one, as {@link ownOptions}.
 *
 * @throws TypeError when one has a name that the function does not know, or is there without a value
 */
export function readOptions<K extends string>(options: object, names: OptionNames<K>): { [N in K]?: unknown } {
  refuseUnknown(options, names);
  return ownOptions(options, names) as { [N in K]?: unknown };
}

/** Whether it is an object with named properties: not an array, a Map or another list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value);
}

/** @throws TypeError for a name that the function does not know, with the name that the caller most likely meant */
export function refuseUnknown(options: object, names: OptionNames): void {
  for (const { name, isListed } of unknownIn(options, namesIn(names))) {
    const cure = names.within === undefined ? whereItBelongs(name, names.of) : undefined;
    if (isListed && cure !== undefined) throw misplacedOption(name, names.of, cure);
    const meant = likelyMeant(name, namesIn(names), names.aliases);
    if (isListed || meant !== undefined) throw refused(options, name, names, meant);
  }
}

/**
 * {@link refuseUnknown} for only a likely typo of one of these names: other names belong to someone else.
 */
export function refuseSlips(options: object, others: readonly string[], names: OptionNames): void {
  for (const { name } of unknownIn(options, [...others, ...names.known])) {
    const meant = likelyMeant(name, names.known, names.aliases);
    if (meant !== undefined) throw refused(options, name, names, meant);
  }
}

function namesIn({ known, others }: OptionNames): readonly string[] {
  return others === undefined ? known : [...known, ...others.names];
}

function refused(options: object, name: string, { others, ...names }: OptionNames, meant: string | undefined): Error {
  const value: unknown = Object.getOwnPropertyDescriptor(options, name)?.value;
  return unknownOption({ ...names, name, value, others: others?.whose }, meant);
}

/**
 * Copies the options, with memcage's even if `{ ...options }` would leave them out: properties inherited from
 * Object.create(defaults), and those of a class.
 *
 * @throws TypeError when one of memcage's is there, but undefined: whoever limits by a setting that is missing must not get
 * a child without the limit. Names that Node's functions have too may be undefined, as there
 */
export function ownOptions<O extends object>(options: O, { known, within }: OptionNames): O {
  const copy = withInherited(options, known);
  for (const name of known) {
    const isNodes = within === undefined && isNodeOption(name);
    if (!isNodes && name in copy && Reflect.get(copy, name) === undefined) throw undefinedOption(name, within);
  }
  return copy;
}

/** A copy of what is its own, and of what it inherits with these names. */
export function withInherited<O extends object>(options: O, names: readonly string[]): O {
  const copy = withoutPrototype(options);
  for (const name of names) {
    if (!(name in copy) && isInherited(name, options)) Reflect.set(copy, name, Reflect.get(options, name));
  }
  return copy;
}

/** A copy of what is its own, as Node makes one: what somebody has added to Object.prototype is no option. */
export function withoutPrototype<O extends object>(options: O): O {
  return Object.assign(Object.create(null), options) as O;
}

/** Whether it has the property, and not only since all objects have it. */
function isInherited(name: string, options: object): boolean {
  if (!(name in options)) return false;
  let object: object | null = options;
  while (object !== null && !Object.hasOwn(object, name)) object = Reflect.getPrototypeOf(object);
  // A proxy may have it all the same.
  return object === null || !isPrototypeOfAll(object);
}

/** A property of an object, or one that it inherits. */
interface Property {
  name: string;
  /** Whether it is enumerable: in a literal all properties are, in a class methods and accessors are not. */
  isListed: boolean;
}

/** All properties, except what somebody added to Object.prototype. */
function propertiesOf(options: object): Property[] {
  const found: Property[] = [];
  let object: object | null = options;
  while (object !== null && !isPrototypeOfAll(object)) {
    const within = object;
    for (const name of Object.getOwnPropertyNames(within))
      found.push({ name, isListed: Object.prototype.propertyIsEnumerable.call(within, name) });
    object = Reflect.getPrototypeOf(object);
  }
  return found;
}

function unknownIn(options: object, known: readonly string[]): Property[] {
  return propertiesOf(options).filter(({ name }) => !known.includes(name));
}

/** Whether it is the Object.prototype of any realm. Options may have no prototype either, and any names of their own. */
function isPrototypeOfAll(object: object): boolean {
  // Somebody may have taken its constructor from it.
  if (object === Object.prototype) return true;
  const made: unknown = Object.getOwnPropertyDescriptor(object, 'constructor')?.value;
  return typeof made === 'function' && made.prototype === object && isObjectFunction(made);
}

/** No function of a program is written so, however it is called. */
function isObjectFunction(made: object): boolean {
  return Function.prototype.toString.call(made) === Function.prototype.toString.call(Object);
}
