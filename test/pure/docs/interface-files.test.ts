/** @starts-children The script that writes the page. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

test('docs/reference/interface-files.md has the tables of the library', () => {
  const script = join(__dirname, '../../../scripts/docs/interface-files.mjs');
  expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
});
