/** @starts-children Node, which loads modules that Jest can't */
import { join } from 'node:path';
import { evaluateModule } from '../../support/evaluate-module';
import { testRows } from '../../support/rows';

const site = join(__dirname, '../../../scripts/site');
const SPEED = 'docs/reference/speed.md';

/** What a page of the site says of another, and what comes of it. */
const QUOTES = [
  { quote: `${SPEED}#against-other-programs section`, html: /^<p>(?![\s\S]*<h)[\s\S]*<table/ },
  {
    quote: `${SPEED}#starts table: contain(); shared cage`,
    html: /Node 20[\s\S]*<td.*contain\(\)[\s\S]*<td.*shared cage/,
  },
  { quote: `${SPEED}#starts table: contain()`, html: /^(?![\s\S]*shared cage)/ },
  {
    quote: `${SPEED}#starts table: contain(); a tin`,
    html: /^docs\/reference\/speed.md, below #starts, has no row 'a tin'$/,
  },
  {
    quote: `${SPEED}#starts table: contain() | Node 24: to its end / call blocks`,
    html: /^<table(?![\s\S]*Node 24)[\s\S]*to its end<\/th>\s*<th[^>]*>call blocks[\s\S]*1\.12<\/td>\s*<td>0\.82</,
  },
  { quote: 'README.md#where-it-works example', html: /^README.md has no example below #where-it-works$/ },
  { quote: 'README.md image', html: /^<p><img src="\.\.\/\.\.\/docs\/images\/[\w-]+\.svg"/ },
  {
    quote: 'README.md example',
    html: /^<div class="language-js">[\s\S]*<div class="language-text">[\s\S]*was killed for/,
  },
  { quote: 'README.md#nowhere section', html: /^README.md has no section below #nowhere$/ },
  { quote: 'SECURITY.md table', html: /^SECURITY.md has no table below its title$/ },
];

describe('a page that quotes another', () => {
  let pages: string[];

  // In one child: it takes a second to load VitePress.
  beforeAll(() => {
    const all = JSON.stringify(QUOTES.map(({ quote }) => `<!-- ${quote} -->`));
    const md = "await (await import('vitepress')).createMarkdownRenderer('.', { config: it.takeQuotes })";
    const render = 'async (page) => { try { return md.render(page); } catch ({ message }) { return message; } }';
    pages = evaluateModule(join(site, 'quotes.mjs'), `((md) => Promise.all(${all}.map(${render})))(${md})`) as string[];
  });

  testRows('takes all of a section, or a part of it, and names what is not there', QUOTES, (row) =>
    expect(pages[QUOTES.indexOf(row)]).toMatch(row.html),
  );
});

testRows(
  'a page links to its source once package.json says where that is',
  [
    { url: '', pattern: undefined },
    { url: 'https://example.org/memcage', pattern: undefined },
    { url: 'git+https://github.com/o/n.git', pattern: 'https://github.com/o/n/edit/main/:path' },
    { url: 'https://gitlab.com/o/n', pattern: 'https://gitlab.com/o/n/-/edit/main/:path' },
  ],
  ({ url, pattern }) => {
    const link = evaluateModule(join(site, 'repository.mjs'), `it.editLink(${JSON.stringify(url)}) ?? {}`);
    expect((link as { pattern?: string }).pattern).toBe(pattern);
  },
);

test('a page that a comment names is a link on the API pages, but not in code or in a link', () => {
  const page = (before: string) => `${before}docs/reference/errors.md`;
  const contents = ['See ', '`', '](../../'].map(page).join(' ');
  const expression = `it.withLinks(${JSON.stringify(contents)}, 'docs/api/memcage/README.md')`;
  expect(evaluateModule(join(site, '../docs/api-pages.mjs'), expression)).toBe(
    `See [Errors](../../reference/errors.md) ${page('`')} ${page('](../../')}`,
  );
});

test('each way to call a function has a heading of its own on the API pages', () => {
  const call = (name: string, type: string) =>
    `## Call Signature\n\n\`\`\`ts\n${name}<T>(\n   file, \n   options?\n): X<T>;\n\`\`\`\n\n| \`options?\` | [\`${type}\`](X.md)\\<\`T\`\\> |\n`;
  const contents = `# run()\n\n${call('function run', 'RunOptions')}${call('', 'Others')}`;
  const headings = `it.withCalls(${JSON.stringify(contents)}).match(/^## .*/gm)`;
  expect(evaluateModule(join(site, '../docs/api-pages.mjs'), headings)).toEqual([
    '## run(file, options?: RunOptions)',
    '## (file, options?: Others)',
  ]);
});

test('the index says of each page of docs what it is about', () => {
  const md = "await (await import('vitepress')).createMarkdownRenderer('.', { config: it.summarize })";
  const list = '- [Run](reference/run.md)\n- [Releasing](../RELEASING.md)\n';
  const render = (path: string) => `md.render(${JSON.stringify(list)}, { relativePath: '${path}' })`;
  const expression = `((md) => [${render('docs/README.md')}, ${render('docs/tutorial.md')}])(${md})`;
  const [index, other] = evaluateModule(join(site, 'summaries.mjs'), expression) as string[];
  expect(index).toMatch(
    /Run<\/a><span class="summary">run runs a program to its end, [^<]*<\/span><\/li>\s*<li>.*Releasing<\/a><\/li>/,
  );
  expect(other).not.toMatch(/summary/);
});

test('the API names all codes', () => {
  const expression = "it.withCodes('type ErrorCode = typeof ErrorCode[keyof typeof ErrorCode];')";
  expect(evaluateModule(join(site, '../docs/api-pages.mjs'), expression)).toMatch(
    /^type ErrorCode =(\n {2}\| 'ERR_MEMCAGE_\w+'){40,};$/,
  );
});

test('what is made from elsewhere has no such link', () => {
  const paths = ['docs/tutorial.md', 'docs/api/README.md', 'scripts/site/[source].md'];
  const expression = `${JSON.stringify(paths)}.map((filePath) => it.isWritten({ filePath }))`;
  expect(evaluateModule(join(site, 'repository.mjs'), expression)).toEqual([true, false, false]);
});

testRows(
  'the description of a page is its first sentences',
  [
    { path: 'docs/guides/bundling.md', description: /^A bundler can put memcage into your program\. What [^`[\]]*\.$/ },
    { path: 'docs/api/memcage/cgroup/classes/Cgroup.md', description: /^A memory cgroup of this machine/ },
    { path: 'scripts/site/index.md', description: /^You keep Node’s child_process/ },
    { path: 'docs/README.md', description: /^Guides for a job, and a reference/ },
    { path: 'scripts/site/[source].md', description: /^$/ },
  ],
  ({ path, description }) => {
    const expression = `it.descriptionOf(${JSON.stringify(path)}) ?? ''`;
    expect(evaluateModule(join(site, 'description.mjs'), expression)).toMatch(description);
  },
);
