import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseSync, transformSync } from '@swc/core';
import { type Block, blocksOf, type Example, examplesOf, functionPages, pages } from '../../support/docs/doc-examples';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { everySecond } from '../../support/drawn';
import { fixtureResult } from '../../support/fixture';
import { cagesLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { runtimePath } from '../../support/runtimes';

jest.setTimeout(patience(60_000));

const root = join(__dirname, '../../..');
const CODE = ['ts', 'js', 'sh'];

let project: UserProject;
beforeAll(() => {
  project = makeUserProject([
    '@opentelemetry',
    '@temporalio',
    '@types',
    'bullmq',
    'ioredis',
    'prom-client',
    'workerpool',
  ]);
});
afterAll(() => project.remove());

testRows('every example of a page is run, or says that it is not', pages(), (page) => {
  const silent = blocksOf(page).filter(
    ({ language, words }) => CODE.includes(language) && !/run|recipe|program/.test(words.join(' ')),
  );
  expect(silent.map(({ line }) => `${page}:${line}`)).toEqual([]);
});

const EVERY = [...pages(), ...functionPages()];

const ofLanguage = (...languages: string[]): Block[] =>
  [...pages().flatMap(blocksOf), ...functionPages().flatMap(examplesOf)].filter(({ language }) =>
    languages.includes(language),
  );

// Newer Nodes, which this may run on, have `using`, and Bun has types too.
test('every example in JavaScript is what Node 20 can parse', () => {
  const refused = ofLanguage('js').flatMap(({ page, line, text: source }) => {
    try {
      parseSync(source, { syntax: 'ecmascript', explicitResourceManagement: false, target: 'es2022' });
      return [];
    } catch (error) {
      return `${page}:${line}: ${String(error).split('\n', 1)[0]}`;
    }
  });
  expect(refused).toEqual([]);
});

const drawn = (all: Example[]): Example[] => everySecond(all, ({ page }, changed) => changed.includes(page));
const examples = drawn(EVERY.flatMap(examplesOf));

// Examples with the same needs are skipped together, visibly.
for (const needs of new Set(examples.map((example) => example.needs.join(' and ')))) {
  const alike = examples.filter((example) => example.needs.join(' and ') === needs);
  const features = alike[0]?.needs ?? [];

  describeIf(
    ['v1', 'root', ...features],
    `the examples of all pages${needs === '' ? '' : ` that need ${needs}`}`,
    () => {
      testRows(
        'print what they say',
        alike,
        async (example) => {
          const { code, stdout, stderr, left } = await runExample(example, `example-${example.line}`);
          expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
          if (example.output !== undefined) expect(stdout).toMatch(patternOf(example.output));
          expect(left).toEqual([]);
        },
        { name: ({ page, line }) => `${page}:${line}`, limitMs: 60_000 },
      );
    },
  );
}

describeIf(['v1', 'root'], 'the examples of the README, in CommonJS', () => {
  const required = drawn(examplesOf('README.md')).map((example) => ({
    ...example,
    text: example.text.replace(/^import (.+) from ('.+');$/gm, 'const $1 = require($2);'),
  }));

  testRows('print what they say', required, async ({ text: source, output, line }) => {
    expect(source).toContain("require('memcage')");
    expect(output).toBeDefined();
    const file = project.write(`readme-${line}.cjs`, source);
    const { code, stdout, stderr } = await execute(process.execPath, [file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(patternOf(output ?? ''));
  });
});

/**
 * TypeScript checks them against the package's declarations, and those too: examples in TypeScript strictly, those in
 * JavaScript as an editor does, which finds a wrong name of an option or a member.
 */
describeIf('host', 'the types of the examples', () => {
  const LANGUAGES = ['js', 'ts'];
  let types: { checked: string[]; wrong: string }[];

  beforeAll(async () => {
    const directories = LANGUAGES.map(writeTyped);
    types = await fixtureResult({ name: 'docs/wrong-types.mjs', timeoutMs: 60_000 }, ...directories);
  });

  testRows('are right', LANGUAGES, (language) => {
    const { checked, wrong } = types[LANGUAGES.indexOf(language)] ?? { checked: [], wrong: 'none' };
    expect(wrong).toBe('');
    expect(checked).toContain(join(root, 'dist/index.d.ts'));
  });
});

/** Writes all examples of a language as a program, and returns its directory. */
function writeTyped(language: string): string {
  // A recipe is part of something larger, and a program imports libraries with types of their own, which are not here.
  const blocks = ofLanguage(language).filter(({ words }) => !/recipe|program/.test(words.join(' ')));
  expect(blocks.length).toBeGreaterThan(0);
  const directory = join(project.directory, `typed-${language}`);
  mkdirSync(directory, { recursive: true });
  for (const { page, line, text: source } of blocks) {
    writeFileSync(join(directory, `${page.replaceAll('/', '-')}-${line}.m${language}`), `${source}\nexport {};\n`);
  }
  // Bun's own types would change those of Node too.
  writeFileSync(join(directory, 'elsewhere.d.ts'), 'declare const Bun: any;\n');
  const isStrict = language === 'ts';
  const compilerOptions = {
    strict: isStrict,
    exactOptionalPropertyTypes: isStrict,
    allowJs: true,
    checkJs: true,
    noEmit: true,
    module: 'Node16',
    target: 'ES2022',
    lib: ['ES2022', 'ESNext.Disposable'],
    types: ['node'],
  };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  return directory;
}

interface End {
  code: number | null;
  stdout: string;
  stderr: string;
  left: string[];
}

function runExample({ language, needs, text: source }: Example, name: string): Promise<End> {
  if (language === 'sh') return execute('bash', ['-euo', 'pipefail', '-c', source]);
  const file = project.write(`${name}.mjs`, language === 'ts' ? toJavaScript(source) : source);
  return execute((needs.includes('bun') ? runtimePath('bun') : undefined) ?? process.execPath, [file]);
}

function toJavaScript(source: string): string {
  return transformSync(source, { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }).code;
}

async function execute(file: string, args: string[]): Promise<End> {
  // A retry must not find files of the first attempt.
  const cwd = mkdtempSync(join(project.directory, 'run-'));
  const child = spawn(file, args, { cwd, env: project.env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  // Kill the whole group, with everything that a shell started.
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), patience(50_000));
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  clearTimeout(timer);
  return { code, stdout, stderr, left: cagesLeft(child.pid ?? 0) };
}

function patternOf(output: string): RegExp {
  const escaped = output
    .trimEnd()
    .split('...')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}\\n$`);
}
