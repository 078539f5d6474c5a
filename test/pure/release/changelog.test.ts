/** @starts-children a script of the repository, which is a module of ECMAScript */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const MODULE = join(__dirname, '../../../scripts/release/changelog.mjs');

function withHeading(text: string): string {
  const program = `import { withHeading } from ${JSON.stringify(MODULE)};
    console.log(JSON.stringify(withHeading(${JSON.stringify(text)}, { version: '1.2.3', date: '2026-12-01' })));`;
  const words = ['--input-type=module', '--eval', program];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8', stdio: 'pipe' })) as string;
}

test('what is unreleased gets the heading of the version, below an empty one', () => {
  const before = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- This.\n\n## [1.2.2] - 2026-11-30\n\n- That.\n';
  expect(withHeading(before)).toBe(
    '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n\n### Added\n\n- This.\n\n## [1.2.2] - 2026-11-30\n\n- That.\n',
  );
});

test.each([
  ['nothing that is unreleased', '# Changelog\n\n## [Unreleased]\n\n## [1.2.2] - 2026-11-30\n\n- That.\n'],
  ['no heading', '# Changelog\n\n## [1.2.2] - 2026-11-30\n'],
])('a changelog with %s is refused', (reason, text) => {
  expect(() => withHeading(text)).toThrow(`CHANGELOG.md has ${reason}`);
});
