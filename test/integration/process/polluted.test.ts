import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../../..');
const fixture = join(root, 'test/fixtures/process/polluted.js');

/** What each child said of itself. */
const saidOf = (library: string[]): Record<string, string> =>
  JSON.parse(execFileSync(process.execPath, [fixture, ...library], { encoding: 'utf8' })) as Record<string, string>;

describe('options that somebody has added to all objects', () => {
  const stock = saidOf([]);

  test.each(['dist/index.js', 'dist/child_process.js'])(
    'reach no child of %s, as none of Node: also while its parts are loaded',
    (library) => {
      const { run, ...said } = saidOf([join(root, library)]);
      expect(said).toEqual(stock);
      expect([stock['spawn'], undefined]).toContain(run ?? undefined);
      expect(JSON.parse(stock['spawn'] ?? '')).toEqual([process.cwd(), process.getuid?.(), null, false, 0, false]);
    },
  );
});
