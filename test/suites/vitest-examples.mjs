// Usage: vitest-examples.mjs SOURCES [VERSION...]
// Runs the examples of Vitest's repository, a checkout of which is at SOURCES, with Vitest 4 and 5 (or VERSION): as they are, and with the pool of
// memcage/vitest, which is given from outside. The same tests must pass. The exit code is 1 if they don't, or if no worker was in a cage. npm installs what
// they need. Vitest 5 needs Node 22.12 or newer.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Those that need neither a browser nor a server. */
const EXAMPLES = ['basic', 'fastify', 'in-source-test', 'profiling', 'projects', 'typecheck'];
const MOST_MS = 180_000;

const root = join(import.meta.dirname, '../..');
const [sources, ...given] = process.argv.slice(2);
if (sources === undefined) throw new Error('Usage: vitest-examples.mjs SOURCES [VERSION...]');
const versions = given.length > 0 ? given : ['4', '5'];

/** Runs the example in the current directory, with the pool or without, and writes how each test ended. */
const RUN = `
import { readdirSync, writeFileSync } from 'node:fs';
import { openCages } from 'memcage/machine';
import { caged } from 'memcage/vitest';
import { startVitest } from 'vitest/node';
const isCaged = process.argv[2] === 'caged';
const tests = {};
let mostCages = 0;
const timer = setInterval(() => { mostCages = Math.max(mostCages, openCages().length); }, 20);
const reporter = {
  onTestRunEnd(modules) {
    for (const module of modules)
      for (const test of module.children.allTests()) tests[module.relativeModuleId + ' | ' + module.project.name + ' | ' + test.fullName] = test.result().state;
  },
};
const pool = isCaged ? { pool: caged({ memory: '600M', total: '1800M', enforce: 'kernel' }) } : {};
const vitest = await startVitest('test', [], { watch: false, reporters: [reporter], ...pool });
await vitest.close();
clearInterval(timer);
writeFileSync('results.json', JSON.stringify({ tests, mostCages }));
`;

let isBad = false;
for (const version of versions) {
  for (const example of EXAMPLES) {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-vitest-'));
    try {
      cpSync(join(sources, 'examples', example), directory, { recursive: true });
      install(directory, version);
      const stock = run(directory, 'stock');
      const caged = run(directory, 'caged');
      const names = new Set([...Object.keys(stock.tests), ...Object.keys(caged.tests)]);
      const different = [...names].filter((name) => stock.tests[name] !== caged.tests[name]);
      const wasCaged = caged.mostCages > 0 || example === 'typecheck';
      if (different.length > 0 || !wasCaged || names.size === 0) isBad = true;
      console.log(
        `Vitest ${version}, ${example}: ${names.size} tests, ${different.length} came out differently, at most ${caged.mostCages} cages`,
      );
      for (const name of different) console.log(`  ${name}: ${stock.tests[name]}, caged ${caged.tests[name]}`);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
}
process.exitCode = isBad ? 1 : 0;

function install(directory, version) {
  const file = join(directory, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  const { devDependencies = {} } = manifest;
  for (const name of Object.keys(devDependencies)) {
    if (name === 'vitest' || name.startsWith('@vitest/')) devDependencies[name] = `^${version}.0.0`;
  }
  writeFileSync(file, JSON.stringify(manifest));
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  symlinkSync(root, join(directory, 'node_modules/memcage'));
  writeFileSync(join(directory, 'run-example.mjs'), RUN);
}

function run(directory, way) {
  const { status, stderr } = spawnSync(process.execPath, ['run-example.mjs', way], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: MOST_MS,
    killSignal: 'SIGKILL',
  });
  try {
    return JSON.parse(readFileSync(join(directory, 'results.json'), 'utf8'));
  } catch (cause) {
    throw new Error(`${directory}, ${way}: exit code ${status}\n${stderr}`, { cause });
  } finally {
    rmSync(join(directory, 'results.json'), { force: true });
  }
}
