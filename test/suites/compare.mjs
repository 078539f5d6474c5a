// What a cage has changed: tests whose outcome is another one than stock, and what becomes of them when they run again.

/**
 * The tests that came out another way. One that only one of the two has is `missing` in the other.
 *
 * @param stock, contained as made by results.mjs
 */
export function differences(stock, contained) {
  const names = new Set([...stock.keys(), ...contained.keys()]);
  return [...names].flatMap((name) => {
    const outcomes = { stock: outcomeOf(stock, name), contained: outcomeOf(contained, name) };
    const file = (stock.get(name) ?? contained.get(name)).file;
    return outcomes.stock === outcomes.contained ? [] : [{ name, file, ...outcomes }];
  });
}

export function outcomeOf(results, name) {
  return results.get(name)?.outcome ?? 'missing';
}

/** Whether a test came out well. To be skipped is well only if that is what it does stock. */
export function isWell(outcome, { stock }) {
  return outcome === 'pass' || (outcome === 'skip' && stock === 'skip');
}

/**
 * What a difference is, after both ways have run again.
 *
 * @param first whether the test came out well stock when the difference was found
 * @param stock, contained how often it came out well in each way since, of `times`
 */
export function judge({ first, stock, contained, times }) {
  const allStock = stock + (first ? 1 : 0);
  // What comes and goes without a cage says nothing of cages.
  if (allStock > 0 && allStock <= times) return 'comes and goes, stock too';
  if (allStock === 0) return contained === 0 ? 'fails in both ways' : 'passes only contained';
  return contained === times ? 'did not come again' : 'fails contained';
}

/** Whether a test failed only contained. */
export function isDefect(verdict) {
  return verdict === 'fails contained';
}
