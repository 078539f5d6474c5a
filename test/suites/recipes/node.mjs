import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from '../execute.mjs';

const FOLDERS = ['parallel', 'sequential'];
const NAMES = /^test-.*(child-process|spawn|fork|exec|cluster).*\.(js|mjs)$/;

/** One test starts 80 processes. */
const SECONDS = 300;

/** The versions whose tests there are for each Node; for one that has none, those of the nearest. */
const TAGS = { 20: 'v20.20.2', 22: 'v22.22.2', 24: 'v24.21.0', 26: 'v26.10.0' };

function testsIn(place) {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(place, 'test', folder))
      .filter((name) => NAMES.test(name))
      .sort()
      .map((name) => join('test', folder, name)),
  );
}

/** The words after `// Flags:`, with which a test asks to be run. */
function flagsOf(path) {
  const line = /^\/\/ Flags:(.*)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
  return line.split(' ').filter((word) => word !== '');
}

/** A test is a program: it passes if it exits with 0, and says so if it had nothing to do. */
async function runOne(file, { place, node, env }) {
  const command = [node, ...flagsOf(join(place, file)), file];
  const { status, stdout } = await execute(command, { cwd: place, env, seconds: SECONDS });
  if (status !== 0) return { name: file, file, outcome: 'fail' };
  return { name: file, file, outcome: stdout.startsWith('1..0 # Skipped') ? 'skip' : 'pass' };
}

export default {
  repository: 'nodejs/node',
  directory: 'node-{}',
  tagOf: (major) => TAGS[major],
  paths: ['src', 'lib', 'test', 'tools'],
  async run({ files, ...context }) {
    const tests = [];
    for (const file of files ?? testsIn(context.place)) tests.push(await runOne(file, context));
    return tests;
  },
};
