import { invalidArgument } from '../../common/errors/argument-errors';
import { checkOptions } from '../../common/options/option-names';

/** Throws TypeError if an option does not exist, or its value is not of the kind that it should be. */
export function checkKinds(
  of: string,
  options: unknown,
  kinds: Readonly<Record<string, 'function' | 'object' | 'string'>>,
): void {
  const given = checkOptions(options, { of, known: Object.keys(kinds) });
  for (const [name, kind] of Object.entries(kinds)) {
    if (!(name in given)) continue;
    const value = given[name];
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
