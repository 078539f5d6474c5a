import { type InspectOptions, type InspectOptionsStylized, inspect } from 'node:util';
import type { OomVictim } from '../../../types/outcome';
import { keptInJson } from './json';
import { formatSize } from './size';

/**
 * What `console.log()` and `util.inspect()` call on an object. It is not enumerable, so it is not part of the data.
 */
type Inspector = (this: object, depth: number, options: InspectOptionsStylized) => string;

/** What is being shown. Node sees copies, and does not notice that an outcome's error may have that outcome. */
const showing = new Set<object>();

/** A number of bytes, shown both as the number and with a unit. */
class Bytes {
  constructor(private readonly bytes: number) {}

  [inspect.custom](_depth: number, options: InspectOptions): string {
    const number = inspect(this.bytes, options);
    return Number.isFinite(this.bytes) ? `${number} (${formatSize(this.bytes)})` : number;
  }
}

/** Makes an outcome show its sizes with units, and be whole in JSON. Returns it. */
export function inspectable<T extends object>(outcome: T): T {
  const show: Inspector = function (_depth, options) {
    if (showing.has(this)) return options.stylize('[Circular]', 'special');
    showing.add(this);
    try {
      return inspect(withSizes({ ...this }), options);
    } finally {
      showing.delete(this);
    }
  };
  return Object.defineProperty(keptInJson(outcome), inspect.custom, {
    value: show,
    writable: true,
    configurable: true,
  });
}

/** How an object is shown: the name of its class, what identifies it, and the facts. */
export function shown(name: string, which: string, facts: object, options: InspectOptions): string {
  return `${name} <${which}> ${inspect(withSizes(facts), options)}`;
}

/** The counts that are not 0. */
export function withoutZeros(counts: object): object {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

function withSizes(value: object): object {
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withSize(name, each)]));
}

function withSize(name: string, value: unknown): unknown {
  if (name === 'victims' && Array.isArray(value))
    return (value as OomVictim[]).map(({ pid, name: of }) => `${of} (pid ${pid})`);
  if (typeof value === 'number' && name.endsWith('Bytes')) return new Bytes(value);
  return isPlain(value) ? withSizes(value) : value;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
