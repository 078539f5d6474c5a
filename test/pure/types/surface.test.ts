import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../../..');
const STABILITY = readFileSync(join(ROOT, 'docs/reference/stability.md'), 'utf8');
const MOST_VALUES = 25;

/** The entries that docs/reference/stability.md calls experimental as a whole. */
const EXPERIMENTAL = ['otel', 'bullmq', 'jest', 'vitest', 'native'];
const STABLE = ['index', 'cgroup', 'machine', 'oci', 'prometheus'];

const program = ts.createProgram(
  [...STABLE, ...EXPERIMENTAL].map((name) => join(ROOT, `lib/${name}.ts`)),
  optionsOf('tsconfig.json'),
);
const checker = program.getTypeChecker();

function optionsOf(file: string): ts.CompilerOptions {
  const config = ts.readConfigFile(join(ROOT, file), (path) => readFileSync(path, 'utf8'));
  return ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT).options;
}

/** What an entry exports, followed to where it is declared. */
function exportsOf(entry: string): { name: string; symbol: ts.Symbol }[] {
  const source = program.getSourceFile(join(ROOT, `lib/${entry}.ts`));
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`no exports in lib/${entry}.ts`);
  return checker.getExportsOfModule(module).map((symbol) => ({
    name: symbol.name,
    symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  }));
}

/** The names that a program gets: `export type` of a class gives none. */
function valuesOf(entry: string): string[] {
  const source = program.getSourceFile(join(ROOT, `lib/${entry}.ts`)) as ts.SourceFile;
  return source.statements
    .filter(ts.isExportDeclaration)
    .filter(({ isTypeOnly }) => !isTypeOnly)
    .flatMap(({ exportClause }) => (exportClause && ts.isNamedExports(exportClause) ? [...exportClause.elements] : []))
    .filter(({ isTypeOnly }) => !isTypeOnly)
    .map(({ name }) => name.text);
}

const isExperimental = (symbol: ts.Symbol): boolean =>
  symbol.getJsDocTags(checker).some(({ name }) => name === 'experimental');

test('memcage has few values, and docs/reference/stability.md says of each what is promised', () => {
  const values = valuesOf('index');
  expect(values).toContain('spawn');
  expect(values.length).toBeLessThanOrEqual(MOST_VALUES);
  const [, table = ''] = /## The main entry\n([\s\S]*?)\n## /.exec(STABILITY) ?? [];
  const promised = [...table.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(values.filter((name) => !promised.includes(name))).toEqual([]);
});

test.each(EXPERIMENTAL)('everything of memcage/%s is marked as experimental', (entry) => {
  expect(STABILITY).toMatch(new RegExp(`memcage/${entry}\`[^|]* \\| experimental`));
  const stable = new Set(exportsOf('index').map(({ name }) => name));
  const unmarked = exportsOf(entry).filter(({ name, symbol }) => !stable.has(name) && !isExperimental(symbol));
  expect(unmarked.map(({ name }) => name)).toEqual([]);
});

test('nothing of memcage is', () => {
  expect(exportsOf('index').filter(({ symbol }) => isExperimental(symbol))).toEqual([]);
});

test.each(['cgroup', 'machine', 'oci', 'prometheus'])(
  'what is experimental in memcage/%s, docs/reference/stability.md names',
  (entry) => {
    const [, row = ''] = new RegExp(`memcage/${entry}\`\\S* \\| (stable.*) \\|`).exec(STABILITY) ?? [];
    expect(row).toMatch(/^stable/);
    const values = valuesOf(entry);
    const marked = exportsOf(entry).filter(({ name, symbol }) => values.includes(name) && isExperimental(symbol));
    const members = exportsOf(entry)
      .filter(({ symbol }) => symbol.flags & ts.SymbolFlags.Class)
      .flatMap(({ symbol }) => checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)))
      .filter(isExperimental);
    const named = [...row.matchAll(/`(\w+)(?:\(\))?`/g)].map(([, name]) => name);
    expect([...marked, ...members].map(({ name }) => name).sort()).toEqual(named.sort());
  },
);
