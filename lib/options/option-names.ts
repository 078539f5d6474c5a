import { invalidArgument, unknownOption } from '../errors/argument-errors';
import { likelyMeant } from './likely-meant';

/** What the options of a function, or what is in one of them, may be called. */
export interface OptionNames<K extends string = string> {
  /** The function, as its caller writes it: `run`, `cgroup.watch`. */
  of: string;
  known: readonly K[];
  /** The option in whose object they are: `memory`. */
  within?: string;
  /** What other programs call them, in lower case and without separators. */
  aliases?: Readonly<Record<string, K>>;
}

/**
 * The options of a function.
 *
 * @throws TypeError when they are no object, or one has a name that the function does not know
 */
export function checkOptions<K extends string>(options: unknown, names: OptionNames<K>): { [N in K]?: unknown } {
  if (!isRecord(options)) throw invalidArgument('options', 'an object', options);
  refuseUnknown(options, names);
  return withInherited(options, names.known) as { [N in K]?: unknown };
}

/** An object of names, and no list: neither an array nor a Map. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value);
}

/** @throws TypeError for a name that the function does not know, with the one that was most likely meant */
export function refuseUnknown(options: object, names: OptionNames): void {
  for (const { name, isListed } of unknownIn(options, names.known)) {
    const meant = likelyMeant(name, names.known, names.aliases);
    if (isListed || meant !== undefined) throw unknownOption(name, names, meant);
  }
}

/** As {@link refuseUnknown}, but only for what is a slip for one of these names: any other is somebody else's. */
export function refuseSlips(options: object, others: readonly string[], names: OptionNames): void {
  for (const { name } of unknownIn(options, [...others, ...names.known])) {
    const meant = likelyMeant(name, names.known, names.aliases);
    if (meant !== undefined) throw unknownOption(name, names, meant);
  }
}

/**
 * A copy, with these names also where `{ ...options }` would leave them out: of what is inherited, as from
 * Object.create(defaults), and of the class of an object.
 */
export function withInherited<O extends object>(options: O, names: readonly string[]): O {
  const copy = { ...options };
  for (const name of names) {
    if (!Object.hasOwn(copy, name) && name in options) Reflect.set(copy, name, Reflect.get(options, name));
  }
  return copy;
}

/** A property of an object, or of one that it inherits from. */
interface Property {
  name: string;
  /** It is enumerable: in a literal all are, of a class neither methods nor accessors. */
  isListed: boolean;
}

/** But for what somebody has added to all objects. */
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

/** Of whatever realm. */
function isPrototypeOfAll(object: object): boolean {
  return Object.getPrototypeOf(object) === null && Object.hasOwn(object, 'hasOwnProperty');
}
