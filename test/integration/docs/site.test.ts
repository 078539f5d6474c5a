import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fixtureResult } from '../../support/fixture';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

jest.setTimeout(300_000);

const root = join(__dirname, '../../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** What a page of the site is made from, directories included: their times change when a file goes. */
const SOURCES = [
  '.vitepress',
  'scripts/site',
  'docs',
  'examples',
  'types',
  'test/guest',
  'package.json',
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
  version: string;
  icon: string;
  mains: number;
  footer: string;
  description: string;
  shared: string;
  images: boolean[];
  editLinks: number;
  links: string[];
  codeColors: number;
  labels: string[];
  ground: string;
  scrollWidth: number;
  clientWidth: number;
}

interface Search extends View {
  words: string;
  found: string[];
  path: string;
  title: string;
  shownTitle: string;
  excerpt: boolean;
  row?: string;
}

interface Measure {
  path: string;
  screens: number[];
  phoneScreens: number[];
  heads: number[];
  sections: string[];
  pictures: (string | undefined)[];
  brokenNames: string[];
  readTables: number;
  cutRead: number;
  emptyCells: number;
  unnamedCells: number;
  cutCode: string[];
  cutTables: number;
  tallestRow: number;
  pager: string[];
  isTooWide: boolean;
  wideTables: number;
  unhinted: number;
  options: number;
  brokenOptions: string[];
  loseColumn: number;
}

interface Place {
  path: string;
  places: { text: string; top: number; bottom: number; isVisible: boolean; page: number }[];
  complaints: string[];
}

interface Stray {
  path: string;
  title: string;
  named: string;
  hasFont: boolean;
  guess: string;
  found: string;
  isLost: boolean;
  ground: string;
  font: string;
  links: string[];
  outside: string[];
}

interface Seen {
  looks: Look[];
  searches: Search[];
  measures: Measure[];
  strays: Stray[];
  places: Place[];
  led: string[];
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
  {
    path: '',
    title: /^memcage A hard memory limit/,
    description: /^You keep Node’s child_process, /,
    beside: 'Command line',
    languages: ['js', 'output'],
  },
  {
    path: 'docs/reference/run.html',
    title: /^run\(file, args\?, options\?\)$/,
    description: /^run runs a program to its end, /,
    beside: 'Tutorial',
    languages: ['js', 'output'],
  },
  {
    path: 'docs/api/memcage/cgroup/classes/Cgroup.html',
    title: /^Class: Cgroup$/,
    description: /^A memory cgroup of this machine/,
    beside: 'Cgroup',
    languages: ['ts'],
  },
];

/** The table of options that has most columns, of those that TypeDoc makes. */
const CAGE_OPTIONS = 'docs/api/memcage/interfaces/CageOptions.html';

/** Far down in the list at the side, and the page after it. */
const PLACES = [
  { path: 'docs/guides/faq.html', texts: ['Questions', 'All options'] },
  { path: 'docs/reference/options.html', texts: ['All options', 'spawn'] },
  { path: 'docs/reference/errors.html', texts: ['Errors', 'What the figures mean'] },
  { path: 'docs/reference/cli.html', texts: ['Command line', 'Cgroup'] },
];

const FOLDERS = ['guides', 'reference', 'internals'];

/** What somebody types who has the problem, and the page that solves it. */
const SEARCHES = [
  { words: 'express', page: 'guides/http', name: 'Express, Fastify' },
  { words: 'untrusted code', page: 'guides/untrusted-code', name: 'Untrusted code' },
  // Neither what is about fork(), nor what is for anything.
  { words: 'fork bomb', page: 'reference/limits' },
  { words: 'memory leak', page: 'guides/who-killed', name: 'Who killed my process?' },
  { words: 'vitest', page: 'guides/test-runners', name: 'Test runners' },
  { words: 'playwright', page: 'guides/browsers' },
  { words: 'OOMKilled', page: 'guides/who-killed' },
  { words: 'exit code 137', page: 'guides/who-killed' },
  { words: 'ERR_MEMCAGE_NO_PERMISSION', page: 'reference/errors', row: 'ERR_MEMCAGE_NO_PERMISSION' },
  { words: 'swapHigh', page: 'reference/options', row: 'memory.swapHigh' },
  // Many guides have it, and are about something else.
  { words: 'timeout', page: 'reference/run' },
  // No word like it.
  { words: 'ulimit', page: 'guides/from-child-process' },
  { words: 'pids', page: 'reference/limits' },
  { words: 'kill process tree', page: 'guides/from-child-process' },
];

/** At the top, in a folder that there is, and in one that there isn't. */
const WRONG = ['wrong', 'docs/wrong.html', 'a/b/c/wrong/', 'docs/guides/wrong/x.html'];

const pagesIn = (directory: string): string[] =>
  readdirSync(join(root, directory))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .map((name) => `${directory}/${name.replace(/md$/, 'html')}`);

describeIf(['machine', 'chromium'], 'the site in a browser', () => {
  let home: string;
  let seen: Seen;

  beforeAll(async () => {
    if (!isBuilt()) execFileSync('npm', ['run', '--silent', 'docs:site'], { cwd: root, stdio: 'pipe' });
    home = mkdtempSync(join(tmpdir(), 'memcage-site-'));
    seen = await fixtureResult<Seen>({ name: 'site/look.mjs', timeoutMs: 180_000 }, join(root, 'build/site'), home, {
      shown: PAGES.map(({ path }) => path),
      measured: ['', CAGE_OPTIONS, ...['docs', 'docs/guides', 'docs/reference'].flatMap(pagesIn)],
      words: SEARCHES.map(({ words }) => words),
      wrong: WRONG,
      placed: PLACES.map(({ path }) => path),
      folders: FOLDERS.map((folder) => `docs/${folder}/`),
    });
  });

  afterAll(() => rmSync(home, { recursive: true }));

  testRows('shows a page', PAGES, ({ path, title, description, beside, languages }) => {
    const views = seen.looks.filter((look) => look.path === path);
    expect(views.map(({ width, scheme }) => `${width} ${scheme}`)).toEqual([
      '1440 light',
      '1440 dark',
      '390 dark',
      '390 light',
    ]);
    for (const view of views) {
      expect(view.complaints).toEqual([]);
      expect(view.title).toMatch(title);
      expect(view.version).toBe(version);
      expect(view.mains).toBe(1);
      expect(view.footer).toMatch(/^MIT licence/);
      expect(view.description).toMatch(description);
      expect(view.shared).toBe(view.description);
      expect(view.icon).toBe('data:image/svg+xml');
      expect(view.images.length).toBeGreaterThan(0);
      expect(view.images).not.toContain(false);
      // package.json does not say where the repository is.
      expect(view.editLinks).toBe(0);
      expect(view.links).toContain(beside);
      expect(view.codeColors).toBeGreaterThan(2);
      expect(view.labels).toEqual(expect.arrayContaining(languages));
      expect(view.ground).toBe(view.scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(27, 27, 31)');
      expect(view.scrollWidth).toBe(view.clientWidth);
    }
  });

  testRows('finds first what answers', SEARCHES, ({ words, page, name, row }) => {
    const [search] = seen.searches.filter((it) => it.words === words);
    expect(search?.complaints).toEqual([]);
    expect(search?.found[0]).toBe(`docs/${page}.html`);
    expect(search?.path).toBe(search?.found[0]);
    expect(search?.title).not.toMatch(/^memcage/);
    if (name !== undefined) expect(search?.shownTitle).toBe(name);
    expect(search?.row).toBe(row);
  });

  test('shows with a title what is below it', () =>
    expect(seen.searches.filter(({ row, excerpt }) => row === undefined && !excerpt)).toEqual([]));

  test('finds nothing of what is for those who change memcage', () => {
    const found = seen.searches.flatMap((search) => search.found);
    expect(found.length).toBeGreaterThan(20);
    expect(found.filter((path) => !/^docs\/(tutorial|guides|reference|api)|^(CHANGELOG|SECURITY)/.test(path))).toEqual(
      [],
    );
  });

  test('cuts no code of the first page, a guide or a page of reference at 1,280 px', () => {
    expect(seen.measures.length).toBeGreaterThan(40);
    expect(seen.measures.flatMap(({ path, cutCode }) => cutCode.map((line) => `${path}: ${line}`))).toEqual([]);
  });

  test('shows at first what it is, how to install it, and code with what it prints', () => {
    const [first] = seen.measures.filter(({ path }) => path === '');
    expect(first?.screens).toHaveLength(3);
    expect(first?.phoneScreens).toHaveLength(3);
    expect(Math.max(...(first?.screens ?? []))).toBeLessThan(1);
    expect(Math.max(...(first?.phoneScreens ?? []))).toBeLessThan(2);
  });

  test('cuts no table at 1,280 px, and keeps the head of a long one in sight', () => {
    expect(seen.measures.filter(({ cutTables }) => cutTables > 0)).toEqual([]);
    const heads = seen.measures.flatMap((measure) => measure.heads);
    expect(heads.length).toBeGreaterThan(5);
    // Below the bar at the top, and what leads to the sections of all options.
    for (const top of heads) expect([64, 108]).toContain(Math.round(top));
  });

  test('shows all columns of all options at 1,280 px, and what leads to its sections', () => {
    const [options] = seen.measures.filter(({ path }) => path === 'docs/reference/options.html');
    // Six lines.
    expect(options?.tallestRow).toBeLessThan(150);
    expect(options?.sections).toEqual(expect.arrayContaining(['Limits', 'Namespaces', 'Cgroups']));
  });

  test('makes every picture a link to itself', () => {
    const pictures = seen.measures.flatMap(({ path, pictures: hrefs }) => hrefs.map((href) => ({ path, href })));
    expect(pictures.length).toBeGreaterThan(2);
    const fileOf = ({ path, href = 'none' }: { path: string; href: string | undefined }) =>
      join(root, 'build/site', dirname(path), href);
    expect(pictures.filter((picture) => !existsSync(fileOf(picture)))).toEqual([]);
  });

  testRows('shows in the list at the side which page is open', PLACES, ({ path, texts }) => {
    const [found] = seen.places.filter((it) => it.path === path);
    expect(found?.complaints).toEqual([]);
    expect(found?.places.map(({ text }) => text)).toEqual(texts);
    for (const { top, bottom, isVisible, page } of found?.places ?? []) {
      expect({ isVisible, page }).toEqual({ isVisible: true, page: 0 });
      // Below the bar at the top.
      expect(top).toBeGreaterThanOrEqual(64);
      expect(bottom).toBeLessThanOrEqual(800);
    }
  });

  test('leads from page to page without the examples', () => {
    const pager = seen.measures.flatMap((measure) => measure.pager);
    expect(pager.length).toBeGreaterThan(80);
    expect(pager.filter((href) => href.includes('/examples/'))).toEqual([]);
  });

  testRows('leads from a folder to the index', FOLDERS, (folder) =>
    expect(seen.led[FOLDERS.indexOf(folder)]).toBe(`docs/index.html#${folder}`),
  );

  test('fits a phone: only tables scroll sideways, and keep their first column', () => {
    expect(seen.measures.filter(({ isTooWide, loseColumn }) => isTooWide || loseColumn > 0)).toEqual([]);
    expect(seen.measures.filter(({ wideTables }) => wideTables > 0).length).toBeGreaterThan(0);
    expect(seen.measures.filter(({ unhinted }) => unhinted > 0)).toEqual([]);
  });

  test('makes paragraphs of the rows of a table that is read, on a phone, and names each cell', () => {
    expect(seen.measures.filter(({ readTables }) => readTables > 0).length).toBeGreaterThan(20);
    expect(
      seen.measures.filter(({ unnamedCells, emptyCells, cutRead }) => unnamedCells + emptyCells + cutRead > 0),
    ).toEqual([]);
  });

  test('breaks no word of code on a phone', () => {
    expect(seen.measures.flatMap(({ brokenNames }) => brokenNames)).toEqual([]);
  });

  test('breaks no option of the command line on a phone', () => {
    expect(seen.measures.reduce((sum, { options }) => sum + options, 0)).toBeGreaterThan(50);
    expect(seen.measures.flatMap(({ brokenOptions }) => brokenOptions)).toEqual([]);
  });

  testRows('shows a page at a wrong address', WRONG, (path) => {
    const strays = seen.strays.filter((it) => it.path === path);
    // Below a path, and at the top of a host.
    expect(strays.map(({ named }) => named)).toEqual([`/some/where/${path}`, `/${path}`]);
    for (const stray of strays) {
      expect(stray).toMatchObject({ title: 'There is no such page', isLost: false, outside: [] });
      expect(stray).toMatchObject({ ground: 'rgb(27, 27, 31)', font: expect.stringMatching(/sans-serif$/) });
      expect(stray).toMatchObject({ hasFont: true, guess: 'wrong', found: `docs/${SEARCHES[0]?.page}.html` });
      expect(stray.links.length).toBeGreaterThan(2);
      expect(stray.links.filter((link) => !existsSync(join(root, 'build/site', link.replace(/#.*/, ''))))).toEqual([]);
    }
  });
});
