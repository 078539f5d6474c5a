import { pageText } from './doc-examples';

/** All code on a page: `inline` and in fenced blocks. */
export function codeOf(page: string): string {
  return (pageText(page).match(/```[\s\S]*?```|`[^`]+`/g) ?? []).join('\n');
}

export function expectNamed(page: string, names: readonly string[]): void {
  expect(names.length).toBeGreaterThan(0);
  const code = codeOf(page);
  expect(names.filter((name) => !new RegExp(`(^|[^\\w-])${name}([^\\w-]|$)`, 'm').test(code))).toEqual([]);
}
