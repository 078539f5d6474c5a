import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ErrorCode } from '../../../lib/common/errors/errors';
import { everyCommand } from '../../../lib/programs/cli/every-command';
import { apiPages, functionPages, pages, pageText } from '../../support/docs/doc-examples';
import { codeOf, expectNamed } from '../../support/docs/doc-names';

const root = join(__dirname, '../../..');

describe('docs name', () => {
  test('every error code, with cause and remedy', () => {
    expectNamed('docs/reference/errors.md', Object.values(ErrorCode));
    const rows = pageText('docs/reference/errors.md')
      .split('\n')
      .filter((line) => line.startsWith('| `ERR_MEMCAGE_'));
    expect(rows.map((row) => row.split(' | ').length)).toEqual(rows.map(() => 3));
    expect(rows.length).toBe(Object.values(ErrorCode).length);
  });

  // The API pages have the types.
  test('every function, class and constant', () => {
    const code = pages().map(codeOf).join('\n');
    const names = apiPages().flatMap((page) => /\/(?:functions|classes|variables)\/(\w+)\.md$/.exec(page)?.[1] ?? []);
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
  });

  test('every cause of an OOM kill', () => {
    expectNamed('docs/reference/outcome.md', ['limit', 'cage', 'ancestor', 'descendant', 'system', 'unknown']);
  });

  test('every command, with its options', () => {
    expectNamed(
      'docs/reference/cli.md',
      everyCommand().map(({ name }) => `memcage ${name}`),
    );
    for (const { options } of everyCommand()) {
      const names = Object.entries(options).flatMap(([name, { short }]) =>
        short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`],
      );
      expectNamed('docs/reference/cli.md', names);
    }
  });

  test('the versions of the libraries that contain() is proved with, and each example', () => {
    const text = pageText('docs/reference/contain.md');
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    const fixtures = join(root, 'test/fixtures/libraries');
    const code = readdirSync(fixtures).map((name) => readFileSync(join(fixtures, name), 'utf8'));
    const used = Object.keys(devDependencies).filter((name) => code.some((each) => each.includes(`'${name}'`)));
    expect(used.length).toBe(11);
    for (const name of used) {
      const { version } = require(join(root, 'node_modules', name, 'package.json')) as { version: string };
      expect(text).toContain(`${name} ${version.split('.').slice(0, 2).join('.')}`);
    }
    const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.mts'));
    expect(examples.filter((name) => !pageText('examples/README.md').includes(`(${name})`))).toEqual([]);
  });

  test('only scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...pages(), 'CONTRIBUTING.md'].flatMap((page) => [...pageText(page).matchAll(/npm run ([\w:-]+)/g)]);
    expect(named.map(([, name]) => name).filter((name) => !((name ?? '') in scripts))).toEqual([]);
  });

  test.each(['docs/internals/architecture.md', 'lib/README.md'])('only sources that exist: %s', (page) => {
    const named = [...codeOf(page).matchAll(/`((?:lib|native|types|test)\/[\w/.-]*)`/g)].map(([, path]) => path);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !existsSync(join(root, path ?? '')))).toEqual([]);
    const files = [...codeOf(page).matchAll(/`([\w-]+\.(?:ts|cc|h))`/g)].map(([, name]) => name ?? '');
    const all = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' }).concat(
      readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' }),
    );
    expect(files.filter((name) => !all.some((path) => basename(path) === name))).toEqual([]);
  });

  test('each entry point on a page made from its comments', () => {
    const read = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8')) as Record<string, unknown>;
    const exported = Object.keys(read('package.json')['exports'] as object).filter((name) => name !== './package.json');
    const sources = exported.map((name) => `lib/${name === '.' ? 'index' : name.slice(2)}.ts`);
    const documented = read('typedoc.json')['entryPoints'] as string[];
    expect([...documented].sort()).toEqual(sources.sort());
    // The first has the page of Cgroup, with its functions: `memcage` exports it as a type.
    expect(documented[0]).toBe('lib/cgroup.ts');
    const made = exported.map((name) => `docs/api/${join('memcage', name)}/README.md`);
    const indexes = apiPages().filter((page) => page.endsWith('/README.md'));
    expect(indexes.sort()).toEqual([...made, 'docs/api/README.md'].sort());
  });

  test('each function by an example, first of all', () => {
    // Those of these entries are Node's, or memcage's own.
    const own = functionPages().filter((page) => !/\/(child_process|native)\//.test(page));
    expect(own.length).toBeGreaterThan(20);
    const beginningOf = (page: string): string => pageText(page).split(/\n##+ (?:Type )?Parameters/, 1)[0] ?? '';
    const late = own.filter((page) => !/\n```js /.test(beginningOf(page)));
    expect(late).toEqual([]);
  });

  test('only files that exist', () => {
    const broken = [...pages(), ...apiPages(), 'CONTRIBUTING.md', 'CHANGELOG.md'].flatMap((page) =>
      [...pageText(page).matchAll(/\]\((?!https?:)([^)#]*)/g)]
        .map(([, target]) => target ?? '')
        .filter((target) => target !== '' && !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });
});
