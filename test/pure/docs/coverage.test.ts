import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import ts from 'typescript';
import { ErrorCode } from '../../../lib/common/errors/errors';
import { everyCommand } from '../../../lib/programs/cli/every-command';
import { functionPages, pages, pageText } from '../../support/docs/doc-examples';
import { codeOf, expectNamed } from '../../support/docs/doc-names';
import { testRows } from '../../support/rows';

const root = join(__dirname, '../../..');

/** npm run docs:api makes it. */
function apiPages(): string[] {
  const names = readdirSync(join(root, 'docs/api'), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.md')).map((name) => `docs/api/${name}`);
}

/** The public names of the package, from its sources. */
class Api {
  readonly #checker: ts.TypeChecker;
  readonly #exported: Map<string, ts.Symbol>;

  constructor() {
    const config = ts.readConfigFile(join(root, 'tsconfig.build.json'), (path) => readFileSync(path, 'utf8'));
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const names = ['index', 'cgroup', 'machine', 'oci', 'native', 'otel', 'prometheus', 'bullmq'];
    const entries = names.map((name) => join(root, `lib/${name}.ts`));
    const program = ts.createProgram(entries, { ...options, skipLibCheck: true, noEmit: true });
    this.#checker = program.getTypeChecker();
    this.#exported = new Map();
    for (const entry of entries) {
      const source = program.getSourceFile(entry);
      const module = source && this.#checker.getSymbolAtLocation(source);
      if (module === undefined) throw new Error(`no exports in ${entry}`);
      for (const symbol of this.#checker.getExportsOfModule(module)) this.#exported.set(symbol.name, symbol);
    }
  }

  names(): string[] {
    return [...this.#exported.values()]
      .filter((symbol) => !this.#isInternal(this.#original(symbol)))
      .map(({ name }) => name);
  }

  /** The members of an interface or type, or of a class and its instances, except internal ones. */
  members(name: string, { own = false } = {}): string[] {
    const exported = this.#exported.get(name);
    if (exported === undefined) throw new Error(`${name} is not exported`);
    const symbol = this.#original(exported);
    const properties = this.#checker.getPropertiesOfType(this.#checker.getDeclaredTypeOfSymbol(symbol));
    const statics = symbol.flags & ts.SymbolFlags.Class ? [...(symbol.exports?.values() ?? [])] : [];
    return [...properties, ...statics]
      .filter((member) => !own || this.#isOurs(member))
      .filter((member) => !this.#isInternal(member))
      .map((member) => member.name)
      .filter((member) => /^[a-z]\w*$/i.test(member) && member !== 'prototype');
  }

  /** Follows a symbol that one file exports again to the file that defines it. */
  #original(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #isInternal(symbol: ts.Symbol): boolean {
    return symbol.getJsDocTags(this.#checker).some((tag) => tag.name === 'internal');
  }

  #isOurs(member: ts.Symbol): boolean {
    const files = member.declarations?.map((declaration) => declaration.getSourceFile().fileName) ?? [];
    if (files.some((file) => file.endsWith('/event-loop/emitter.ts'))) return false;
    return files.some((file) => file.startsWith(join(root, 'lib')) || file.startsWith(join(root, 'types')));
  }
}

const api = new Api();

describe('docs name', () => {
  test('every error code, with cause and remedy', () => {
    expectNamed('docs/errors.md', Object.values(ErrorCode));
    const rows = pageText('docs/errors.md')
      .split('\n')
      .filter((line) => line.startsWith('| `ERR_MEMCAGE_'));
    expect(rows.map((row) => row.split(' | ').length)).toEqual(rows.map(() => 3));
    expect(rows.length).toBe(Object.values(ErrorCode).length);
  });

  testRows(
    'every member of the types that a page is on',
    [
      ['docs/spawn.md', 'SpawnOptions', {}],
      ['docs/spawn.md', 'CageOptions', {}],
      ['docs/spawn.md', 'Caged', {}],
      ['docs/launcher.md', 'Launcher', {}],
      ['docs/launcher.md', 'LauncherOptions', {}],
      ['docs/launcher.md', 'LauncherReport', {}],
      ['docs/run.md', 'RunResult', {}],
      ['docs/limits.md', 'MemoryLimits', {}],
      ['docs/limits.md', 'Limits', {}],
      ['docs/oci.md', 'OciOptions', {}],
      ['docs/oci.md', 'OciLimits', {}],
      ['docs/namespaces.md', 'NamespaceOptions', {}],
      ['docs/files.md', 'RootOptions', {}],
      ['docs/files.md', 'RootBind', {}],
      ['docs/files.md', 'RootTmpfs', {}],
      ['docs/create-cage.md', 'CreateCageOptions', {}],
      ['docs/create-cage.md', 'Cage', { own: true }],
      ['docs/contain.md', 'ContainOptions', {}],
      ['docs/create-cage.md', 'CageEvents', {}],
      ['docs/events.md', 'CageEvents', {}],
      ['docs/events.md', 'CgroupEvents', {}],
      ['docs/events.md', 'CgroupEvent', {}],
      ['docs/events.md', 'LimitEvent', {}],
      ['docs/events.md', 'PressureEvent', {}],
      ['docs/events.md', 'ThresholdEvent', {}],
      ['docs/events.md', 'CageThresholdEvent', {}],
      ['docs/create-cage.md', 'CageThresholdEvent', {}],
      ['docs/create-cage.md', 'StallEvent', {}],
      ['docs/stall.md', 'StallOption', {}],
      ['docs/stall.md', 'StallEvent', {}],
      ['docs/stall.md', 'StallVerdict', {}],
      ['docs/events.md', 'PressureStall', {}],
      ['docs/events.md', 'PressureLevel', {}],
      ['docs/events.md', 'UsageThreshold', {}],
      ['docs/events.md', 'TriggerHandle', {}],
      ['docs/create-cage.md', 'OomEvent', {}],
      ['docs/budget.md', 'BudgetOptions', {}],
      ['docs/learned-limits.md', 'LearnOptions', {}],
      ['docs/budget.md', 'JobOptions', {}],
      ['docs/budget.md', 'ReserveOptions', {}],
      ['docs/budget.md', 'ContainJobsOptions', {}],
      ['docs/budget.md', 'Room', { own: true }],
      ['docs/budget.md', 'Budget', { own: true }],
      ['docs/budget.md', 'BudgetEvents', {}],
      ['docs/budget.md', 'BudgetStats', {}],
      ['docs/budget.md', 'JobEvent', {}],
      ['docs/budget.md', 'JobStartedEvent', {}],
      ['docs/budget.md', 'JobEndedEvent', {}],
      ['docs/cgroup.md', 'Cgroup', { own: true }],
      ['docs/cgroup.md', 'CreateCgroupOptions', {}],
      ['docs/interface-files.md', 'InterfaceFile', {}],
      ['docs/interface-files.md', 'OomControl', {}],
      ['docs/cgroup.md', 'Usage', {}],
      ['docs/cgroup.md', 'CgroupProcess', {}],
      ['docs/cgroup.md', 'WatchOptions', {}],
      ['docs/cgroup.md', 'SampleFields', {}],
      ['docs/cgroup.md', 'EventCounts', {}],
      ['docs/cgroup.md', 'ProcessesOptions', {}],
      ['docs/cgroup.md', 'EffectiveLimits', {}],
      ['docs/cgroup.md', 'Pressure', {}],
      ['docs/cgroup.md', 'PressureLine', {}],
      ['docs/cgroup.md', 'MemoryEvents', {}],
      ['docs/cgroup.md', 'PeakTracker', { own: true }],
      ['docs/cgroup.md', 'ReclaimOptions', {}],
      ['docs/inventory.md', 'ListedCage', {}],
      ['docs/inventory.md', 'CageOwner', {}],
      ['docs/inventory.md', 'CageName', {}],
      ['docs/inventory.md', 'CollectGarbageOptions', {}],
      ['docs/inventory.md', 'CollectedCage', {}],
      ['docs/containers.md', 'CgroupContainer', {}],
      ['docs/outcome.md', 'EndedChild', {}],
      ['docs/outcome.md', 'Outcome', {}],
      ['docs/outcome.md', 'MemoryReport', {}],
      ['docs/outcome.md', 'OomVerdict', {}],
      ['docs/outcome.md', 'CpuReport', {}],
      ['docs/outcome.md', 'FaultReport', {}],
      ['docs/outcome.md', 'MemoryDetails', {}],
      ['docs/outcome.md', 'StallReport', {}],
      ['docs/node-heap.md', 'NodeHeapReport', {}],
      ['docs/errors.md', 'MemcageError', { own: true }],
      ['docs/errors.md', 'RunError', { own: true }],
      ['docs/monitoring.md', 'ReadManyOptions', {}],
      ['docs/monitoring.md', 'CollectCgroupsOptions', {}],
      ['docs/monitoring.md', 'CollectBudgetsOptions', {}],
      ['docs/bullmq.md', 'Processor', { own: true }],
      ['docs/monitoring.md', 'ObserveCgroupsOptions', {}],
      ['docs/native.md', 'NativeBinding', {}],
      ['docs/native.md', 'CloneOptions', {}],
      ['docs/native.md', 'Ending', {}],
      ['docs/native.md', 'ChildUsage', {}],
    ],
    ([page, type, options]) => {
      expectNamed(page, api.members(type, options));
    },
  );

  test('in docs/run.md what RunOptions has beyond SpawnOptions', () => {
    const common = api.members('SpawnOptions');
    expectNamed(
      'docs/run.md',
      api.members('RunOptions').filter((name) => !common.includes(name)),
    );
  });

  test('every export', () => {
    const code = pages().map(codeOf).join('\n');
    expect(api.names().filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
  });

  test('every cause of an OOM kill', () => {
    expectNamed('docs/outcome.md', ['limit', 'cage', 'ancestor', 'descendant', 'system', 'unknown']);
  });

  test('every command, with its options', () => {
    expectNamed(
      'docs/cli.md',
      everyCommand().map(({ name }) => `memcage ${name}`),
    );
    for (const { options } of everyCommand()) {
      const names = Object.entries(options).flatMap(([name, { short }]) =>
        short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`],
      );
      expectNamed('docs/cli.md', names);
    }
  });

  test('the versions of the libraries that contain() is proved with, and each example', () => {
    const text = pageText('docs/contain.md');
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
    expect(examples.filter((name) => !pageText('README.md').includes(`(examples/${name})`))).toEqual([]);
  });

  test('only scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...pages(), 'CONTRIBUTING.md'].flatMap((page) => [...pageText(page).matchAll(/npm run ([\w:-]+)/g)]);
    expect(named.map(([, name]) => name).filter((name) => !((name ?? '') in scripts))).toEqual([]);
  });

  test('only sources that exist', () => {
    const named = [...codeOf('docs/architecture.md').matchAll(/`((?:lib|native|types|test)\/[\w/.-]*)`/g)].map(
      ([, path]) => path,
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !existsSync(join(root, path ?? '')))).toEqual([]);
    const files = [...codeOf('docs/architecture.md').matchAll(/`([\w-]+\.(?:ts|cc|h))`/g)].map(
      ([, name]) => name ?? '',
    );
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
    const own = api.names().filter((name) => !apiPages().some((page) => page.endsWith(`/${name}.md`)));
    expect(own).toEqual([]);
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
