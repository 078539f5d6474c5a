import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ROOMS } from './rooms.mjs';

const all = Object.values(ROOMS).flat();

/** What is to be mutated, and which tests are left out. */
export function readOptions(args, root) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      changed: { type: 'string' },
      random: { type: 'boolean' },
      seed: { type: 'string' },
      without: { type: 'string', multiple: true, default: [] },
    },
  });
  let files = positionals.length === 0 ? all : positionals.flatMap(filesOf);
  if (values.changed !== undefined) files = changedSince(values.changed, files, root);
  if (values.random) files = [drawn(files, values.seed)];
  return { files: [...new Set(files)], without: values.without };
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

/** One of them; the same again with the same seed. */
function drawn(files, given) {
  const seed = given === undefined ? randomInt(1_000_000) : Number(given);
  const file = files[seed % files.length];
  console.log(`drawn: ${file}; again with --seed ${seed}`);
  return file;
}
