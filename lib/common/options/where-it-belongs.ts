import { BUDGET_OPTIONS, CAGE_OPTIONS, isOfTheCage, JOB_OPTIONS, POOL_OPTIONS, RUN_OPTIONS } from './names';
import { isNodeOption, NODE_OPTIONS } from './node-options';

/** Options that one function alone has. */
const ONLY: readonly (readonly [of: string, names: readonly string[]])[] = [
  ['createCage', ['perChild']],
  ['createBudget', BUDGET_OPTIONS],
  ['createWarmPool', POOL_OPTIONS],
];

/** What begins the names of functions that start a child in what the function makes, or belongs to. */
function familyOf(of: string): '' | 'cage.' | 'budget.' | undefined {
  if (of === 'cage.setLimits') return undefined;
  if (of === 'createCage' || of.startsWith('cage.')) return 'cage.';
  if (of === 'createBudget' || of.startsWith('budget.')) return 'budget.';
  return of === 'run' || of === 'createLauncher' || of in NODE_OPTIONS ? '' : undefined;
}

/**
 * What to do with an option that is another function's, as the cure for it; undefined: no function has it that the caller may have
 * meant.
 *
 * @param of the function that does not know it
 */
export function whereItBelongs(name: string, of: string): string | undefined {
  const family = familyOf(of);
  if (family === undefined) return undefined;
  const maker = { 'cage.': 'createCage', 'budget.': 'createBudget', '': undefined }[family];
  if (name === 'cage') {
    return of === maker
      ? `parent: cage.cgroup, or call ${of}() within cage.contain()`
      : 'leave it out: the child is in it already';
  }
  if (maker !== undefined && of !== maker && isOfTheCage(name)) return `give it to ${maker}()`;
  const [owner] = ONLY.find(([, names]) => names.includes(name)) ?? [starterWith(name, family)];
  return owner === undefined || owner === of ? undefined : `give it to ${owner}()`;
}

function starterWith(name: string, family: string): string | undefined {
  if (isOneOf(JOB_OPTIONS, name)) return 'budget.run';
  if (isOneOf(RUN_OPTIONS, name)) return `${family}run`;
  if (isOneOf(CAGE_OPTIONS, name) || isOneOf(NODE_OPTIONS.spawn, name)) return family === '' ? 'spawn' : `${family}run`;
  return isNodeOption(name) ? `${family}fork` : undefined;
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name);
}
