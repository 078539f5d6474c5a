// Usage: run [--node NAME]... [--stock|--contained] [--again TIMES] [SUITE...] (by ./run; README.md has the options)
// Runs the test suites of other projects, stock and within contain(). Exit code 1 when a test fails contained that passes
// stock, and when nothing of a suite was in a cage.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tryAgain } from './again.mjs';
import { knownDifference, unwritten } from './known.mjs';
import { readOptions } from './options.mjs';
import { recipes } from './recipes/index.mjs';
import { keep, kept } from './record.mjs';
import { count } from './results.mjs';
import { runSuite } from './run-suite.mjs';
import { sourcesOf } from './sources.mjs';
import { table } from './table.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { suites, nodes, ways, again } = readOptions(process.argv.slice(2));
const rows = [];
const differing = [];
let isWell = true;

function nodeOf(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const words = [join(root, 'scripts/nodes.mjs'), '--install', major];
  return execFileSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

function complain(text) {
  console.log(text);
  isWell = false;
}

/** Runs the wanted ways; of the other one, what was seen last. */
async function runWays(suite, recipe, context, version) {
  const { major } = context;
  for (const way of ways) {
    const started = performance.now();
    const { results, caged } = await runSuite(recipe, { ...context, way });
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(
      `=== ${suite}, Node ${major}, ${way}: ${results.size} tests, ${count(results, 'fail')} fail (${seconds} s)`,
    );
    keep({ suite, major, way, results, caged, version });
  }
  return [kept({ suite, major, way: 'stock' }), kept({ suite, major, way: 'contained' })];
}

async function runOne(suite, major) {
  const recipe = recipes[suite];
  const source = {
    ...recipe,
    directory: recipe.directory.replace('{}', major),
    tag: recipe.tagOf?.(major) ?? recipe.tag,
  };
  const { place, version } = sourcesOf(source);
  const context = { place, major, node: nodeOf(major) };
  const [stock, contained] = await runWays(suite, recipe, context, version);
  const cells = (of) => (of === undefined ? ['', ''] : [count(of.results, 'pass'), count(of.results, 'fail')]);
  const head = [suite, version, major, ...cells(stock), ...cells(contained), contained?.caged ?? ''];
  if (stock === undefined || contained === undefined) {
    rows.push([...head, '']);
    return;
  }
  if (count(stock.results, 'pass') === 0) complain(`${suite}, Node ${major}: nothing passes stock`);
  if (contained.caged === 0) complain(`${suite}, Node ${major}: no process was in a cage`);
  const pair = { stock: stock.results, contained: contained.results };
  const found = await tryAgain(recipe, { ...context, ...pair, times: again });
  const told = found.map((each) => ({ suite, major, known: knownDifference(suite, each.name), ...each }));
  differing.push(...told);
  for (const name of [...stock.results.keys()].filter((each) => knownDifference(suite, each) !== undefined)) {
    if (!told.some((each) => each.name === name)) console.log(`${suite}, Node ${major}: ${name} is no difference here`);
  }
  rows.push([...head, told.filter(({ isDefect, known }) => isDefect && known === undefined).length]);
}

// A signal by itself would end this process without its exit handlers, which end what runs and remove what was made.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
for (const { page, sentence } of unwritten()) complain(`${page} does not say: ${sentence}`);
for (const suite of suites) {
  for (const major of nodes) {
    try {
      await runOne(suite, major);
    } catch (error) {
      // The other suites can tell something all the same.
      complain(`${suite}, Node ${major}: ${error.message}`);
    }
  }
}

console.log(
  table(
    [
      'suite',
      'version',
      'Node',
      'stock: pass',
      'fail',
      'contained: pass',
      'fail',
      'Node processes in cages',
      'fail only contained',
    ],
    rows,
  ),
);
for (const { suite, major, name, stock, contained, verdict, counts, known, isDefect } of differing) {
  console.log(`${suite}, Node ${major}: ${name}: ${stock} stock, ${contained} contained`);
  console.log(`  again: passes ${counts.stock} of ${counts.times} stock, ${counts.contained} contained: ${verdict}`);
  if (known !== undefined) console.log(`  ${known.page} says: ${known.sentence}`);
  else if (isDefect) isWell = false;
}
if (!isWell) process.exitCode = 1;
