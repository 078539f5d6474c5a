/** @starts-children Node, which loads modules that Jest can't */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Questions } from '../../support/evaluate-module';

interface Plan {
  changed?: string[];
  steps: { name: string; why?: string }[];
  leftOut: string[];
  tests: Record<'host' | 'v2' | 'swap', string[]>;
}

const root = join(__dirname, '../../..');
const PLAN = join(root, '.ci/plan/plan.mjs');
const LINES = join(root, '.ci/plan/lines.mjs');
const STEPS = join(root, '.ci/steps/table.mjs');

const IMPORTERS = {
  'lib/cage/cage.ts': ['lib/start/child/child.ts'],
  'lib/start/child/child.ts': ['lib/start/api/spawn.ts'],
  'lib/common/text/sizes.ts': ['lib/cgroup/limits/limits.ts'],
  'lib/jobs/budget/queue.ts': ['lib/programs/bullmq/worker.ts'],
  'test/support/bullmq/queue.ts': ['test/support/bullmq/valkey.ts'],
  'test/support/bullmq/valkey.ts': ['test/integration/programs/bullmq/jobs.test.ts'],
};

const plain = { hasBranch: false, needsSwap: false, v2Seconds: 10 };
const TESTS = [
  ...['programs/bullmq/jobs', 'proving/judge', 'proving/faults', 'docs/examples', 'docs/site', 'cage/life'].map(
    (name) => ({
      path: `test/integration/${name}.test.ts`,
      ...plain,
    }),
  ),
  { path: 'test/integration/recipes/http.test.ts', ...plain, pages: ['docs/guides/http.md'] },
  { path: 'test/integration/recipes/mcp.test.ts', ...plain, pages: ['docs/guides/mcp.md'] },
  { path: 'test/integration/cage/oom/verdict.test.ts', ...plain, hasBranch: true, needsSwap: true },
  { path: 'test/pure/docs/coverage.test.ts', ...plain },
  { path: 'test/pure/cage/oom/decide-whose-limit.test.ts', ...plain },
];

// All are asked before any test runs, and so of one Node.
const questions = new Questions();

function planOf(files: string[] | undefined, { seed = 1, tests = TESTS } = {}): () => Plan {
  const change = { files, importers: IMPORTERS, tests, seed };
  return questions.ask<Plan>(PLAN, `it.makePlan(${JSON.stringify(change)})`);
}

const runs = ({ steps }: Plan) => steps.filter(({ why }) => why !== undefined).map(({ name }) => name);
const allSteps = questions.ask<string[]>(STEPS, 'it.STEPS.map(({ name }) => name)');

const ALWAYS = [
  'npm packages',
  'Debian packages',
  'Bun, Deno and other Nodes',
  'build',
  'format, lint, types',
  'tests',
  'demo',
];
const PACKED = ['root file system of Debian 12', 'pack', 'packed tarball', 'package in Debian 12'];
const CODE = ['kernel for the guests', ...PACKED, 'pure tests on the newest Node', 'v2, first half', 'v2, second half'];
const PLACES = ['guest systemd', 'guest systemd-root', 'guest container', 'guest container-writable'];
const KERNELS = ['v1 with swap', 'guest old', 'guest short-of-memory'];
const OPTIONAL = ['recipes of unchanged pages', 'site', 'BullMQ, Jest, Vitest', 'instruments'];
/** Nothing that BullMQ's, Jest's or Vitest's tests prove is untouched. */
const NO_PROGRAMS = ['recipes of unchanged pages', 'site', 'instruments'];
const NODES = ['newest Node'];
const SANITIZERS = ['address sanitizer', 'thread sanitizer'];

const CHANGES: [file: string, expected: string[], leftOut: string[]][] = [
  ['docs/reference/speed.md', [], ['recipes of unchanged pages', 'BullMQ, Jest, Vitest', 'instruments']],
  ['lib/programs/cli/README.md', [], ['recipes of unchanged pages', 'BullMQ, Jest, Vitest', 'instruments']],
  ['biome.json', [], OPTIONAL],
  ['lib/programs/cli/run.ts', CODE, OPTIONAL],
  ['lib/cage/cage.ts', [...CODE, 'v1 with swap'], OPTIONAL],
  // Its importer is a room of what other Nodes can change.
  ['lib/start/child/child.ts', [...CODE, ...NODES], ['site', 'instruments']],
  ['lib/common/text/sizes.ts', [...CODE, ...KERNELS, ...PLACES], NO_PROGRAMS],
  ['lib/cage/oom/decide-whose-limit.ts', [...CODE, ...KERNELS], NO_PROGRAMS],
  ['lib/jobs/warm-pool/children.ts', [...CODE, ...NODES], NO_PROGRAMS],
  ['lib/jobs/budget/queue.ts', CODE, ['site', 'instruments']],
  [
    'native/clone/root.cc',
    [...CODE, ...KERNELS, ...PLACES, ...NODES, ...SANITIZERS, 'C++ analyzer', 'fuzzing', 'arm64'],
    OPTIONAL,
  ],
  ['scripts/prebuilds.mjs', [...PACKED, 'arm64'], OPTIONAL],
  ['test/integration/programs/bullmq/jobs.test.ts', CODE, NO_PROGRAMS],
  ['test/support/bullmq/queue.ts', CODE, NO_PROGRAMS],
  ['test/fixtures/proving/operate.js', CODE, ['recipes of unchanged pages', 'site', 'BullMQ, Jest, Vitest']],
  ['test/overseer/overseer.cc', CODE, ['recipes of unchanged pages', 'site', 'BullMQ, Jest, Vitest']],
  ['test/fuzz/bus.cc', ['fuzzing'], OPTIONAL],
  ['test/guest/init/init', ['kernel for the guests', ...PLACES], OPTIONAL],
];

test.each(CHANGES.map(([file, ...expected]) => ({ file, expected, plan: planOf([file]) })))(
  'a change of $file',
  ({ file, expected: [steps, leftOut], plan }) => {
    expect({ steps: runs(plan()).sort(), leftOut: plan().leftOut, changed: plan().changed }).toEqual({
      steps: [...ALWAYS, ...steps].sort(),
      leftOut,
      changed: [file],
    });
  },
);

const UNKNOWN: [what: string, files?: string[]][] = [
  ['no change is known'],
  ['nobody knows what a file is about', ['docs/reference/speed.md', 'package.json']],
  ['the tests of all are changed', ['test/setup/leak-check.ts']],
  ['the gate is changed', ['.ci/plan/plan.mjs']],
];

test.each(UNKNOWN.map(([what, files]) => ({ what, plan: planOf(files) })))('everything runs if $what', ({ plan }) => {
  expect(runs(plan())).toEqual(allSteps());
  expect(plan().leftOut).toEqual([]);
  // By these the examples of the docs, the analyzer and others would choose a part.
  expect(plan()).not.toHaveProperty('changed');
});

const ofTwo = planOf(['docs/reference/speed.md', 'lib/cage/oom/decide-whose-limit.ts']);

test('each step that runs says because of which file', () => {
  const { steps } = ofTwo();
  expect(steps.find(({ name }) => name === 'guest old')).toEqual({
    name: 'guest old',
    why: 'lib/cage/oom: lib/cage/oom/decide-whose-limit.ts',
  });
});

const printed = questions.ask<string[]>(
  LINES,
  `it.planLines((await import(${JSON.stringify(PLAN)})).makePlan(
    ${JSON.stringify({ files: ['lib/programs/cli/run.ts'], importers: IMPORTERS, tests: TESTS, seed: 1 })}), { files: [''] })`,
);

test('what does not run says what would bring it in', () => {
  expect(printed()).toContainEqual(expect.stringMatching(/^ {2}out {2}arm64 +no change of native, arm64$/));
  expect(printed()).toContainEqual(
    expect.stringMatching(
      /^ {2}out {2}newest Node +no change of native, lib\/process, lib\/start\/sync, nor of \d+ more$/,
    ),
  );
  expect(printed()).toContain('Not on the host: site: no change of docs.');
});

const PROOFS: [file: string, proofs: string[]][] = [
  ['test/mutation/run.mjs', ['test/pure/mutation/planted.test.ts']],
  ['test/suites/run.mjs', ['test/integration/suites/planted.test.ts', 'test/pure/suites/compare.test.ts']],
  ['docs/reference/threat-model.md', ['test/integration/security/claims.test.ts']],
];

test.each(
  PROOFS.map(([file, proofs]) => {
    const tests = [...TESTS, ...proofs.map((path) => ({ path, ...plain }))];
    return { file, proofs, plan: planOf([file], { tests }) };
  }),
)('a change of $file runs what proves it', ({ proofs, plan }) => {
  expect(plan().tests.host).toEqual(expect.arrayContaining(proofs));
});

const words = questions.ask<string[]>(STEPS, '[...it.STEPS, ...it.GROUPS].flatMap(({ when = [] }) => when)');

test('what a step or a group waits for is there', () => {
  const rooms = [...new Set(words())].filter((word) => word.includes('/'));
  const isThere = (beginning: string): boolean => {
    const path = join(root, beginning);
    return readdirSync(dirname(path)).some((name) => name.startsWith(basename(path)));
  };
  expect(rooms.length).toBeGreaterThan(10);
  expect(rooms.filter((word) => !isThere(word))).toEqual([]);
});

const ofPrograms = questions.ask<string[]>(STEPS, "it.GROUPS.find(({ name }) => name === 'BullMQ, Jest, Vitest').when");

test('the programs of a group import nothing through lib/index.ts, and run it, for which the group does not wait', () => {
  const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');
  /** What is there when it runs, of a list of names. */
  const valuesOf = (names = ''): string[] =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => /^\w+$/.test(name));
  const exported = Array.from(textOf('lib/index.ts').matchAll(/^export \{([^}]*)\} from '\.\/(.+)\/[^/]+';$/gm));
  const roomOf = new Map(exported.flatMap(([, names, room]) => valuesOf(names).map((name) => [name, `lib/${room}`])));
  const filesOf = (word: string): string[] =>
    word.startsWith('lib/programs/')
      ? readdirSync(join(root, word), { recursive: true, encoding: 'utf8' })
          .filter((name) => /\.m?ts$/.test(name))
          .map((name) => `${word}/${name}`)
      : [word].filter((name) => name.endsWith('.ts'));
  const used = ofPrograms()
    .flatMap(filesOf)
    .flatMap((path) => Array.from(textOf(path).matchAll(/^import \{([^}]*)\} from '[./]+\/index';$/gm)))
    .flatMap(([, names]) => valuesOf(names));
  expect(used).toEqual(expect.arrayContaining(['createWarmPool', 'createCage', 'failureOf']));
  const rooms = new Set(used.map((name) => roomOf.get(name) ?? `no room has ${name}`));
  expect([...rooms].filter((room) => !ofPrograms().some((word) => room.startsWith(word)))).toEqual([]);
});

const ofDocs = planOf(['docs/reference/speed.md', 'docs/guides/http.md']);

test('docs alone run the examples, the recipes of what changed, and nothing else', () => {
  expect(ofDocs().tests.host).toEqual([
    'test/integration/docs/examples.test.ts',
    'test/integration/docs/site.test.ts',
    'test/integration/recipes/http.test.ts',
    'test/pure/docs/coverage.test.ts',
  ]);
});

describe('on cgroup v2', () => {
  const many = Array.from({ length: 200 }, (_, index) => ({
    path: `test/integration/cage/${index}.test.ts`,
    ...plain,
    v2Seconds: 1 + (index % 20),
  }));
  const planWithMany = (files: string[] | undefined, seed: number) =>
    planOf(files, { seed, tests: [...many, ...TESTS] });
  const ofCage = planWithMany(['test/integration/cage/life.test.ts', 'lib/programs/cli/run.ts'], 1);
  const ofFixture = planWithMany(['test/fixtures/cage/churn.js'], 1);
  const [drawn, again, others] = [7, 7, 8].map((seed) => planWithMany(undefined, seed));

  test('run those with a branch for it, those that changed, and some others', () => {
    const chosen = ofCage().tests.v2;
    expect(chosen).toContain('test/integration/cage/oom/verdict.test.ts');
    expect(chosen).toContain('test/integration/cage/life.test.ts');
    expect(chosen.length).toBeGreaterThan(5);
    expect(chosen.length).toBeLessThan(60);
  });

  test('run no more than a part of those that need what changed', () => {
    const chosen = ofFixture().tests.v2.filter((path) => path.includes('/cage/'));
    expect(chosen.length).toBeGreaterThan(20);
    expect(chosen.length).toBeLessThan(60);
  });

  test('one that takes too long makes room for those after it', () => {
    const secondsOf = new Map(many.map(({ path, v2Seconds }) => [path, v2Seconds]));
    const left = [drawn, others].map(
      (plan) => 45 - (plan?.().tests.v2 ?? []).reduce((sum, path) => sum + (secondsOf.get(path) ?? 0), 0),
    );
    // Of those that take a second, some are left.
    expect(left).toEqual([0, 0]);
  });

  test('the same seed draws the same, and another others', () => {
    expect(again?.().tests.v2).toEqual(drawn?.().tests.v2);
    expect(others?.().tests.v2).not.toEqual(drawn?.().tests.v2);
  });
});

const needs = questions.ask<{ name: string; after: string[] }[]>(
  STEPS,
  'it.STEPS.map(({ name, after = [] }) => ({ name, after }))',
);

test('what a step needs is a step before it', () => {
  const steps = needs();
  for (const [index, { after }] of steps.entries()) {
    for (const name of after) expect(steps.slice(0, index).map((each) => each.name)).toContain(name);
  }
});
