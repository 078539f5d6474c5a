import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execute } from './execute.mjs';
import { collect } from './results.mjs';
import { countCaged, environmentOf } from './ways.mjs';

/**
 * Runs a suite in one way, or only these files of it (or these tests, if it can).
 *
 * @returns the results, and how many Node processes began in a cage
 */
export async function runSuite(recipe, { place, node, major, way, files, names }) {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-test-suite-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const log = join(directory, 'log');
    const env = { ...environmentOf(way, { node, log, mark: directory }), ...recipe.env };
    const cwd = join(place, recipe.within ?? '.');
    const context = { place: cwd, node, major, files, names, env, output: join(directory, 'output') };
    const tests = await (recipe.run ?? runCommand(recipe))(context);
    return { results: collect(tests), caged: countCaged(log) };
  } finally {
    process.off('exit', remove);
    remove();
  }
}

const runCommand = (recipe) => async (context) => {
  const { place, env, output } = context;
  const { status, stdout, stderr } = await execute(recipe.command(context), {
    cwd: place,
    env,
    seconds: recipe.seconds,
  });
  try {
    return recipe.read({ output, stdout, place });
  } catch (error) {
    throw new Error(`The suite ended with ${status} and without a report: ${stdout}${stderr}`, { cause: error });
  }
};
