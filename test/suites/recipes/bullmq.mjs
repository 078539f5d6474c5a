import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readJest } from '../readers/jest.mjs';
import { npmInstall } from './npm-install.mjs';

// Its tests of sandboxed processors. Contained, a file is done by createProcessor() in the place of BullMQ's own sandbox
// (bullmq/worker.mts). They run in a project of their own, with the package from the registry that memcage's tests have.
const PROJECT = 'memcage-suites';
const FILE = 'tests/sandboxed_process.test.ts';
const root = join(import.meta.dirname, '../../..');
const { version } = createRequire(import.meta.url)('bullmq/package.json');

/** A statement that looks at the children of BullMQ's own pool. */
const INSIDE = /^ *expect\((?:(?!;\n).)*?childPool(?:(?!;\n).)*?;\n/gms;

function makeProject(place) {
  const project = join(place, PROJECT);
  mkdirSync(join(project, 'src/classes'), { recursive: true });
  for (const part of ['tests/fixtures', 'tests/utils'])
    cpSync(join(place, part), join(project, part), { recursive: true });
  const text = readFileSync(join(place, FILE), 'utf8');
  const server = 'process.env.MEMCAGE_SUITES_SERVER';
  writeFileSync(
    join(project, FILE),
    text
      .replace(INSIDE, '')
      .replaceAll("process.env.REDIS_HOST || 'localhost'", server)
      .replaceAll('new IORedis()', `new IORedis(${server})`),
  );
  cpSync(join(import.meta.dirname, 'bullmq'), project, { recursive: true });
  const built = (name) => `export * from '../node_modules/bullmq/dist/cjs/${name}/index.js';\n`;
  for (const name of ['enums', 'utils']) writeFileSync(join(project, `src/${name}.ts`), built(name));
  writeFileSync(join(project, 'src/classes.ts'), `${built('classes')}export { Worker } from '../worker.mjs';\n`);
  const sandbox =
    "import sandbox from '../../node_modules/bullmq/dist/cjs/classes/sandbox.js';\nexport default sandbox.default ?? sandbox;\n";
  writeFileSync(join(project, 'src/classes/sandbox.ts'), sandbox);
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { vitest, ioredis } = devDependencies;
  const packages = { bullmq: version, vitest, ioredis, 'test-console': '^2.0.0' };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, devDependencies: packages }, null, 2));
}

/** Fixtures take the package as it is built. */
function linkBuild(place) {
  const project = join(place, PROJECT);
  symlinkSync('node_modules/bullmq/dist', join(project, 'dist'));
}

export default {
  repository: 'taskforcesh/bullmq',
  directory: 'bullmq',
  tag: 'v6.2.0',
  paths: ['tests'],
  prepare: [makeProject, [...npmInstall, '--prefix', PROJECT], linkBuild],
  within: PROJECT,
  seconds: 1200,
  env: { MEMCAGE_SUITES_BULLMQ: join(root, 'dist/bullmq.js') },
  command: ({ node, output }) => [node, 'run.mjs', `--outputFile=${output}`],
  read: ({ output, place }) => readJest(readFileSync(output, 'utf8'), place),
};
