// Usage: jest-examples.mjs SOURCES
// Runs the examples of Jest's repository, a checkout of which is at SOURCES, as they are and with --runner=memcage/jest. The same tests must pass. The exit
// code is 1 if they don't, or if no worker was in a cage. npm installs what they need.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Those without a framework that transforms its own packages, such as Angular and React Native. */
const EXAMPLES = [
  ...['async', 'automatic-mocks', 'expect-extend', 'getting-started', 'jquery', 'manual-mocks', 'module-mock'],
  ...['react', 'react-testing-library', 'snapshot', 'timer', 'typescript'],
];
const MOST_MS = 180_000;

const root = join(import.meta.dirname, '../..');
const [sources] = process.argv.slice(2);
if (sources === undefined) throw new Error('Usage: jest-examples.mjs SOURCES');

/** Beside each example's own setup: says by a file that a test ran in a cage. */
const WITNESS = `if (require('node:fs').readFileSync('/proc/self/cgroup', 'utf8').includes('memcage-')) require('node:fs').writeFileSync(process.env.WITNESS, '');`;

const directory = mkdtempSync(join(tmpdir(), 'memcage-jest-'));
try {
  install();
  for (const example of EXAMPLES) compare(example);
} finally {
  rmSync(directory, { recursive: true });
}

function compare(example) {
  const stock = run(example, 'jest-runner');
  const caged = run(example, 'memcage/jest');
  const names = new Set([...Object.keys(stock.tests), ...Object.keys(caged.tests)]);
  const different = [...names].filter((name) => stock.tests[name] !== caged.tests[name]);
  if (different.length > 0 || names.size === 0 || stock.wasCaged || !caged.wasCaged) process.exitCode = 1;
  console.log(
    `${example}: ${names.size} tests, ${different.length} came out differently, in a cage: ${caged.wasCaged}`,
  );
  for (const name of different) console.log(`  ${name}: ${stock.tests[name]}, caged ${caged.tests[name]}`);
}

/** What all examples need, with the Jest of npm in place of the repository's, and memcage. */
function install() {
  const packages = {};
  for (const example of EXAMPLES) {
    cpSync(join(sources, 'examples', example), join(directory, example), { recursive: true });
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(directory, example, 'package.json'), 'utf8'),
    );
    Object.assign(packages, dependencies, devDependencies);
  }
  for (const [name, version] of Object.entries(packages))
    if (version.startsWith('workspace:')) packages[name] = '^30.4.1';
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ private: true, dependencies: packages }));
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // In node_modules itself, as installed: Jest transforms what a link leads out of it.
  const own = join(directory, 'node_modules/memcage');
  mkdirSync(own);
  for (const name of ['dist', 'package.json']) cpSync(join(root, name), join(own, name), { recursive: true });
  for (const name of ['build', 'node_modules']) symlinkSync(join(root, name), join(own, name));
  writeFileSync(join(directory, 'witness.cjs'), WITNESS);
}

function run(example, runner) {
  const report = join(directory, 'report.json');
  const witness = join(directory, 'was-caged');
  for (const file of [report, witness]) rmSync(file, { force: true });
  const args = ['--ci', `--runner=${runner}`, '--json', `--outputFile=${report}`];
  const jest = join(directory, 'node_modules/jest/bin/jest.js');
  const { status, stderr } = spawnSync(process.execPath, [jest, ...args], {
    cwd: join(directory, example),
    env: { ...process.env, NODE_OPTIONS: `--require=${join(directory, 'witness.cjs')}`, WITNESS: witness },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: MOST_MS,
    killSignal: 'SIGKILL',
  });
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const tests = testResults.flatMap(({ name, assertionResults, message }) =>
      assertionResults.length === 0
        ? [[name, message]]
        : assertionResults.map(({ fullName, status: ended }) => [`${name} | ${fullName}`, ended]),
    );
    return { tests: Object.fromEntries(tests), wasCaged: existsSync(witness) };
  } catch (cause) {
    throw new Error(`${example}, ${runner}: exit code ${status}\n${stderr}`, { cause });
  }
}
