import { differences, isDefect, isWell, judge, outcomeOf } from './compare.mjs';
import { runSuite } from './run-suite.mjs';

/**
 * Runs the files again in which something came out another way, or only these tests if the recipe can, `times` times in
 * both ways. Resolves to the differences, each with its verdict.
 */
export async function tryAgain(recipe, { stock, contained, times, ...context }) {
  const found = differences(stock, contained);
  if (found.length === 0) return [];
  const files = [...new Set(found.map(({ file }) => file))];
  // Tests that belong to no file need the whole suite.
  const only = files.includes(undefined) ? undefined : files;
  const names = found.map(({ name }) => name);
  const passes = { stock: new Map(), contained: new Map() };
  for (let round = 0; round < times; round += 1) {
    for (const way of ['stock', 'contained']) {
      const { results } = await runSuite(recipe, { ...context, way, files: only, names });
      for (const difference of found) {
        const { name } = difference;
        const passed = isWell(outcomeOf(results, name), difference) ? 1 : 0;
        passes[way].set(name, (passes[way].get(name) ?? 0) + passed);
      }
    }
  }
  return found.map((difference) => {
    const counts = {
      first: isWell(difference.stock, difference),
      stock: passes.stock.get(difference.name),
      contained: passes.contained.get(difference.name),
      times,
    };
    const verdict = judge(counts);
    return { ...difference, verdict, counts, isDefect: isDefect(verdict) };
  });
}
