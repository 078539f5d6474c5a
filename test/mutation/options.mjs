import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ROOMS } from './rooms.mjs';

const all = Object.values(ROOMS).flat();

/** How many mutants are tried of a file that is drawn. */
const SAMPLE = 40;

/** Of the generator of Park and Miller, which goes through all numbers from 1 to below it. */
const MODULUS = 2_147_483_647;

/** What is to be mutated, and which tests are left out. `sample` returns the mutants to try. */
export function readOptions(args, root) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      changed: { type: 'string' },
      random: { type: 'boolean' },
      seed: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      without: { type: 'string', multiple: true, default: [] },
    },
  });
  let files = positionals.length === 0 ? all : positionals.flatMap(filesOf);
  if (values.changed !== undefined) files = changedSince(values.changed, files, root);
  if (files.length === 0) {
    console.log('None of the files in rooms.mjs has changed.');
    process.exit(0);
  }
  let sample = (mutants) => mutants;
  if (values.random) {
    const seed = seedOf(values.seed);
    files = [files[seed % files.length]];
    sample = (mutants) => drawn(mutants, seed, SAMPLE);
    console.log(`drawn: ${SAMPLE} mutants of ${files[0]}; again with --random --seed ${seed}`);
  }
  return { files: [...new Set(files)], without: values.without, sample, verbose: values.verbose };
}

function seedOf(given) {
  const seed = Number(given ?? process.env.MEMCAGE_TEST_SEED ?? randomInt(1_000_000));
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('The seed is an integer from 0 on');
  return seed;
}

function filesOf(name) {
  const found = ROOMS[name] ?? all.filter((file) => file === name);
  if (found.length > 0) return found;
  throw new Error(
    `There is no room or file ${name}: choose from ${Object.keys(ROOMS).join(', ')}, or the files in rooms.mjs`,
  );
}

/** The files that a revision did not have as they are now. */
function changedSince(revision, files, root) {
  const names = execFileSync('git', ['diff', '--name-only', revision, '--'], { cwd: root, encoding: 'utf8' }).split(
    '\n',
  );
  return files.filter((file) => names.includes(file));
}

/** Some of them; the same again with the same seed. */
function drawn(mutants, seed, count) {
  const rest = [...mutants];
  const chosen = [];
  for (let state = 1 + (seed % (MODULUS - 1)); chosen.length < count && rest.length > 0; ) {
    state = (state * 48_271) % MODULUS;
    chosen.push(...rest.splice(state % rest.length, 1));
  }
  return chosen;
}
