import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixtureResult } from '../../support/fixture';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

jest.setTimeout(240_000);

const root = join(__dirname, '../../..');

/** What a page of the site is made from, directories included: their times change when a file goes. */
const SOURCES = [
  '.vitepress/config.mjs',
  'scripts/site',
  'docs',
  'examples',
  'types',
  'test/guest',
  'package-lock.json',
];
const PAGES_AT_ROOT = readdirSync(root).filter((name) => name.endsWith('.md'));

interface View {
  width: number;
  scheme: 'light' | 'dark';
  complaints: string[];
}

interface Look extends View {
  path: string;
  title: string;
  sidebar: string[];
  isSidebarOpen: boolean;
  codeColors: number;
  labels: string[];
  ground: string;
  scrollWidth: number;
  clientWidth: number;
}

interface Search extends View {
  found: number;
  path: string;
  title: string;
  hasWord: boolean;
}

function changedMs(path: string): number {
  const { mtimeMs } = statSync(join(root, path));
  const below = statSync(join(root, path)).isDirectory() ? readdirSync(join(root, path)) : [];
  return Math.max(mtimeMs, ...below.map((name) => changedMs(join(path, name))));
}

/** scripts/site/check.mjs writes the mark once all of the site is there and well. */
function isBuilt(): boolean {
  const mark = join(root, 'build/site.checked');
  return existsSync(mark) && Math.max(...[...SOURCES, ...PAGES_AT_ROOT].map(changedMs)) < statSync(mark).mtimeMs;
}

const PAGES = [
  { path: '', title: 'memcage', beside: 'Tutorial', languages: ['js', 'sh', 'text'] },
  {
    path: 'docs/reference/run.html',
    title: 'run(file, args?, options?)',
    beside: 'Tutorial',
    languages: ['js', 'text'],
  },
  { path: 'docs/api/memcage/cgroup/classes/Cgroup.html', title: 'Class: Cgroup', beside: 'Cgroup', languages: ['ts'] },
];

describeIf(['machine', 'chromium'], 'the site in a browser', () => {
  let home: string;
  let looks: Look[];
  let searches: Search[];

  beforeAll(async () => {
    if (!isBuilt()) execFileSync('npm', ['run', '--silent', 'docs:site'], { cwd: root, stdio: 'pipe' });
    home = mkdtempSync(join(tmpdir(), 'memcage-site-'));
    const paths = PAGES.map(({ path }) => path);
    const program = { name: 'site/look.mjs', timeoutMs: 120_000 };
    ({ looks, searches } = await fixtureResult<{ looks: Look[]; searches: Search[] }>(
      program,
      join(root, 'build/site'),
      home,
      ...paths,
    ));
  });

  afterAll(() => rmSync(home, { recursive: true }));

  testRows('shows a page', PAGES, ({ path, title, beside, languages }) => {
    const views = looks.filter((look) => look.path === path);
    expect(views.map(({ width, scheme }) => `${width} ${scheme}`)).toEqual([
      '1440 light',
      '1440 dark',
      '390 light',
      '390 dark',
    ]);
    for (const view of views) {
      expect(view.complaints).toEqual([]);
      expect(view.title).toBe(title);
      expect(view.sidebar).toContain(beside);
      expect(view.isSidebarOpen).toBe(true);
      expect(view.codeColors).toBeGreaterThan(2);
      expect([...new Set(view.labels)].sort()).toEqual(languages);
      expect(view.ground).toBe(view.scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(27, 27, 31)');
      expect(view.scrollWidth).toBe(view.clientWidth);
    }
  });

  test('finds a page by a word, and opens it', () => {
    expect(searches.length).toBe(2);
    for (const { found, path, title, hasWord, complaints } of searches) {
      expect(complaints).toEqual([]);
      expect(found).toBeGreaterThan(3);
      expect(path).toMatch(/^docs\/.*\.html$/);
      expect(title).not.toBe('memcage');
      expect(hasWord).toBe(true);
    }
  });
});
