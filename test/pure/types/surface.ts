import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { type Library, ROOT } from '../../support/api/library';

const STABILITY = readFileSync(join(ROOT, 'docs/reference/stability.md'), 'utf8');
const MOST_VALUES = 25;

/** The entries that docs/reference/stability.md calls experimental as a whole. */
const EXPERIMENTAL = ['otel', 'bullmq', 'jest', 'vitest', 'native'];

/** The names that a program gets: `export type` of a class gives none. */
function valuesOf(library: Library, entry: string): string[] {
  return library
    .source(entry)
    .statements.filter(ts.isExportDeclaration)
    .filter(({ isTypeOnly }) => !isTypeOnly)
    .flatMap(({ exportClause }) => (exportClause && ts.isNamedExports(exportClause) ? [...exportClause.elements] : []))
    .filter(({ isTypeOnly }) => !isTypeOnly)
    .map(({ name }) => name.text);
}

export function proveSurface(library: Library): void {
  const isExperimental = (symbol: ts.Symbol): boolean =>
    symbol.getJsDocTags(library.checker).some(({ name }) => name === 'experimental');

  test('memcage has few values, and docs/reference/stability.md says of each what is promised', () => {
    const values = valuesOf(library, 'index');
    expect(values).toContain('spawn');
    expect(values.length).toBeLessThanOrEqual(MOST_VALUES);
    const [, table = ''] = /## The main entry\n([\s\S]*?)\n## /.exec(STABILITY) ?? [];
    const promised = [...table.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    expect(values.filter((name) => !promised.includes(name))).toEqual([]);
  });

  test.each(EXPERIMENTAL)('everything of memcage/%s is marked as experimental', (entry) => {
    expect(STABILITY).toMatch(new RegExp(`memcage/${entry}\`[^|]* \\| experimental`));
    const stable = new Set(library.exports('index').map(({ name }) => name));
    const unmarked = library.exports(entry).filter(({ name, symbol }) => !stable.has(name) && !isExperimental(symbol));
    expect(unmarked.map(({ name }) => name)).toEqual([]);
  });

  test('nothing of memcage is', () => {
    expect(library.exports('index').filter(({ symbol }) => isExperimental(symbol))).toEqual([]);
  });

  test.each(['cgroup', 'machine', 'oci', 'prometheus'])(
    'what is experimental in memcage/%s, docs/reference/stability.md names',
    (entry) => {
      const [, row = ''] = new RegExp(`memcage/${entry}\`\\S* \\| (stable.*) \\|`).exec(STABILITY) ?? [];
      expect(row).toMatch(/^stable/);
      const values = valuesOf(library, entry);
      const marked = library
        .exports(entry)
        .filter(({ name, symbol }) => values.includes(name) && isExperimental(symbol));
      const members = library
        .exports(entry)
        .filter(({ symbol }) => symbol.flags & ts.SymbolFlags.Class)
        .flatMap(({ symbol }) => library.checker.getPropertiesOfType(library.checker.getDeclaredTypeOfSymbol(symbol)))
        .filter(isExperimental);
      const named = [...row.matchAll(/`(\w+)(?:\(\))?`/g)].map(([, name]) => name);
      expect([...marked, ...members].map(({ name }) => name).sort()).toEqual(named.sort());
    },
  );
}
