import type { ResourceLimits } from '../../../../index';
import type { Kind } from '../../kinds';
import { UsageError } from '../../usage';

type Amount = number | string;
type NamedLimit = readonly [name: string, limit: Amount | { soft: Amount; hard: Amount }];

export const RLIMIT: Kind<NamedLimit> = {
  value: 'NAME=LIMIT',
  takes: `NAME=LIMIT or NAME=SOFT:HARD, with sizes, max, or numbers up to ${Number.MAX_SAFE_INTEGER}`,
  read(word) {
    const [, name = '', softText = '', hardText = softText] = /^(\w+)=([^:]+)(?::([^:]+))?$/.exec(word) ?? [];
    const [soft, hard] = [amount(softText), amount(hardText)];
    if (name === '' || soft === undefined || hard === undefined) return undefined;
    return [name, hardText === softText ? soft : { soft, hard }];
  },
};

export function resourceLimits(limits: readonly NamedLimit[]): ResourceLimits {
  const names = limits.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return Object.fromEntries(limits);
  throw new UsageError(`--rlimit ${twice} is given twice: give it once, as NAME=SOFT:HARD for both`);
}

/** A size, a word, or a count, which `Number` must not round, let alone to no limit. */
function amount(text: string): Amount | undefined {
  if (!/^\d+$/.test(text)) return text;
  const count = Number(text);
  return Number.isSafeInteger(count) ? count : undefined;
}
