/** @starts-children Node, which loads modules that Jest can't */
import { join } from 'node:path';
import { Questions } from '../../support/evaluate-module';
import { testRows } from '../../support/rows';

const site = join(__dirname, '../../../scripts/site');
/** Of modules that take a second to load: all of them in one Node. */
const questions = new Questions();
const ask = <T = unknown>(module: string, expression: string) => questions.ask<T>(join(site, module), expression);
/** VitePress makes only one in each process, so it has what the tests of both modules need. */
const MD = `await (await import('vitepress')).createMarkdownRenderer('.', { config: async (md) => {
  for (const [module, name] of [['quotes', 'takeQuotes'], ['summaries', 'summarize']])
    (await import(${JSON.stringify(site)} + '/' + module + '.mjs'))[name](md);
} })`;
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
  const all = JSON.stringify(QUOTES.map(({ quote }) => `<!-- ${quote} -->`));
  const render = 'async (page) => { try { return md.render(page); } catch ({ message }) { return message; } }';
  const pages = ask<string[]>('quotes.mjs', `((md) => Promise.all(${all}.map(${render})))(${MD})`);

  testRows('takes all of a section, or a part of it, and names what is not there', QUOTES, (row) =>
    expect(pages()[QUOTES.indexOf(row)]).toMatch(row.html),
  );
});

testRows(
  'a page links to its source once package.json says where that is',
  [
    { url: '', pattern: undefined },
    { url: 'https://example.org/memcage', pattern: undefined },
    { url: 'git+https://github.com/o/n.git', pattern: 'https://github.com/o/n/edit/main/:path' },
    { url: 'https://gitlab.com/o/n', pattern: 'https://gitlab.com/o/n/-/edit/main/:path' },
  ].map(({ url, pattern }) => {
    const link = ask<{ pattern?: string }>('repository.mjs', `it.editLink(${JSON.stringify(url)}) ?? {}`);
    return { url, pattern, link };
  }),
  ({ pattern, link }) => expect(link().pattern).toBe(pattern),
  { name: ({ url }) => url },
);

describe('a page that a comment names', () => {
  const page = (before: string) => `${before}docs/reference/errors.md`;
  const contents = ['See ', '`', '](../../'].map(page).join(' ');
  const expression = `it.withLinks(${JSON.stringify(contents)}, 'docs/api/memcage/README.md')`;
  const linked = ask('../docs/api-pages.mjs', expression);

  test('is a link on the API pages, but not in code or in a link', () =>
    expect(linked()).toBe(`See [Errors](../../reference/errors.md) ${page('`')} ${page('](../../')}`));
});

describe('each way to call a function', () => {
  const call = (name: string, type: string) =>
    `## Call Signature\n\n\`\`\`ts\n${name}<T>(\n   file, \n   options?\n): X<T>;\n\`\`\`\n\n| \`options?\` | [\`${type}\`](X.md)\\<\`T\`\\> |\n`;
  const contents = `# run()\n\n${call('function run', 'RunOptions')}${call('', 'Others')}`;
  const headings = ask('../docs/api-pages.mjs', `it.withCalls(${JSON.stringify(contents)}).match(/^## .*/gm)`);

  test('has a heading of its own on the API pages', () =>
    expect(headings()).toEqual(['## run(file, options?: RunOptions)', '## (file, options?: Others)']));
});

describe('the index', () => {
  const list = '- [Run](reference/run.md)\n- [Releasing](../RELEASING.md)\n';
  const render = (path: string) => `md.render(${JSON.stringify(list)}, { relativePath: '${path}' })`;
  const expression = `((md) => [${render('docs/README.md')}, ${render('docs/tutorial.md')}])(${MD})`;
  const rendered = ask<string[]>('summaries.mjs', expression);

  test('says of each page of docs what it is about', () => {
    const [index, other] = rendered();
    expect(index).toMatch(
      /Run<\/a><span class="summary">run runs a program to its end, [^<]*<\/span><\/li>\s*<li>.*Releasing<\/a><\/li>/,
    );
    expect(other).not.toMatch(/summary/);
  });
});

const withCodes = ask(
  '../docs/api-pages.mjs',
  "it.withCodes('type ErrorCode = typeof ErrorCode[keyof typeof ErrorCode];')",
);

test('the API names all codes', () =>
  expect(withCodes()).toMatch(/^type ErrorCode =(\n {2}\| 'ERR_MEMCAGE_\w+'){40,};$/));

const PATHS = ['docs/tutorial.md', 'docs/api/README.md', 'scripts/site/[source].md'];
const areWritten = ask('repository.mjs', `${JSON.stringify(PATHS)}.map((filePath) => it.isWritten({ filePath }))`);

test('what is made from elsewhere has no such link', () => expect(areWritten()).toEqual([true, false, false]));

testRows(
  'the description of a page is its first sentences',
  [
    { path: 'docs/guides/bundling.md', description: /^A bundler can put memcage into your program\. What [^`[\]]*\.$/ },
    { path: 'docs/api/memcage/cgroup/classes/Cgroup.md', description: /^A memory cgroup of this machine/ },
    { path: 'scripts/site/index.md', description: /^You keep Node’s child_process/ },
    { path: 'docs/README.md', description: /^Guides for a job, and a reference/ },
    { path: 'scripts/site/[source].md', description: /^$/ },
  ].map((row) => ({ ...row, own: ask('description.mjs', `it.descriptionOf(${JSON.stringify(row.path)}) ?? ''`) })),
  ({ description, own }) => expect(own()).toMatch(description),
  { name: ({ path }) => path },
);
