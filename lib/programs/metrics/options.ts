import { ErrorCode, likelyMeant } from '../../index.js';
import { invalidArgument } from '../peers/invalid-argument.js';

/** Throws TypeError if an option does not exist, or its value is not of the kind that it should be. */
export function checkKinds(
  of: string,
  options: unknown,
  kinds: Readonly<Record<string, 'function' | 'object' | 'string'>>,
): void {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
  const known = Object.keys(kinds);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const all = `${of} has ${known.join(', ')}`;
    const meant = likelyMeant(unknown, known);
    const answer = meant === undefined ? all : `did you mean '${meant}'? (${all})`;
    const error = new TypeError(`Unknown option '${unknown}' of ${of}: ${answer}`);
    throw Object.assign(error, { code: ErrorCode.UNKNOWN_OPTION, option: unknown });
  }
  for (const [name, kind] of Object.entries(kinds)) {
    if (!(name in options)) continue;
    const value: unknown = Reflect.get(options, name);
    if (typeof value !== kind || value === null) {
      throw invalidArgument(name, kind === 'object' ? 'an object' : `a ${kind}`, value);
    }
  }
}

/** Throws TypeError if it is not an object of budgets by their names. */
export function checkBudgets(budgets: unknown): void {
  const isObject = typeof budgets === 'object' && budgets !== null;
  const hasStats = (each: unknown) => typeof (each as { stats?: unknown } | null)?.stats === 'function';
  if (isObject && Object.values(budgets).every(hasStats)) return;
  throw invalidArgument('budgets', 'budgets by their names, such as { images: budget }', budgets);
}
