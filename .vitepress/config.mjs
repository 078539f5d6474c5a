// The documentation site: `npm run docs:site` builds it into build/site, `npx vitepress dev` shows it while you write.
// Its pages are the Markdown files of the repository as they are, and a first page; scripts/site has what it needs beside them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { anchor } from '../scripts/site/anchor.mjs';
import { descriptionOf } from '../scripts/site/description.mjs';
import { writeFolders } from '../scripts/site/folders.mjs';
import { asOnGitHub } from '../scripts/site/markdown.mjs';
import { writeNotFound } from '../scripts/site/not-found.mjs';
import { neighboursOf } from '../scripts/site/pager.mjs';
import { linkPictures, writePictures } from '../scripts/site/pictures.mjs';
import { takeQuotes } from '../scripts/site/quotes.mjs';
import { editLink, isWritten } from '../scripts/site/repository.mjs';
import { linkRows } from '../scripts/site/rows.mjs';
import { search } from '../scripts/site/search.mjs';
import { listSections, WIDE } from '../scripts/site/sections.mjs';
import { apiSidebar, sidebar } from '../scripts/site/sidebar.mjs';
import { INDEX, summarize } from '../scripts/site/summaries.mjs';
import { fitTables } from '../scripts/site/tables.mjs';

const root = join(import.meta.dirname, '..');
const { name, version, description, license, repository } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);
const [copyright] = /^Copyright.*$/m.exec(readFileSync(join(root, 'LICENSE'), 'utf8'));
// Within the pages, so that it is there at any depth, and no browser asks for /favicon.ico, which is outside of the site.
const mark = `data:image/svg+xml,${encodeURIComponent(readFileSync(join(root, 'docs/images/mark.svg'), 'utf8').trim())}`;

export default defineConfig({
  title: name,
  description,
  // It has no address of its own: its pages find each other by relative links, below any path.
  base: './',
  head: [['link', { rel: 'icon', href: mark }]],
  outDir: join(root, 'build/site'),
  cacheDir: join(root, 'build/vitepress'),
  // The first page says what the README says.
  srcExclude: ['{bench,build,coverage,lib,native,out,prebuilds}/**', 'README.md'],
  additionalConfig: {},
  rewrites: (page) => page.replace(/(^|\/)README\.md$/, '$1index.md').replace(/^scripts\/site\//, ''),
  transformPageData: (page) => {
    if (!isWritten(page)) page.frontmatter.editLink = false;
    // Its tables need the place of the outline too.
    if (page.relativePath === WIDE) Object.assign(page.frontmatter, { aside: false, pageClass: 'wide' });
    if (!page.relativePath.startsWith('docs/api/')) Object.assign(page.frontmatter, neighboursOf(page.relativePath));
    // Below each way to call it is the same.
    if (/^docs\/api\/.*\/functions\//.test(page.relativePath)) page.frontmatter.outline = 2;
    if (INDEX.test(page.relativePath)) page.frontmatter.pageClass = 'index';
    const own = descriptionOf(page.filePath) ?? description;
    // What a chat shows of a link.
    const shown = { title: page.title || name, description: own, type: 'website', site_name: name };
    page.frontmatter.head = Object.entries(shown).map(([key, content]) => ['meta', { property: `og:${key}`, content }]);
    return { description: own };
  },
  buildEnd: ({ outDir }) => {
    writeNotFound(outDir);
    writeFolders(outDir);
    writePictures(outDir);
  },
  metaChunk: true,
  markdown: {
    config: (md) => {
      asOnGitHub(md);
      takeQuotes(md);
      fitTables(md);
      linkRows(md);
      summarize(md);
      linkPictures(md);
      listSections(md);
    },
    anchor: { slugify: anchor },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-default' },
    languageAlias: { output: 'txt' },
    // What GitHub and npm don't know.
    attrs: false,
    emoji: false,
    toc: false,
    include: false,
  },
  themeConfig: {
    logo: mark,
    siteTitle: `${name} <small>${version}</small>`,
    nav: [
      { text: 'Guides', link: '/docs/#guides', activeMatch: '^/docs/(guides/|tutorial|$)' },
      { text: 'Reference', link: '/docs/#reference', activeMatch: '^/docs/reference/(?!cli)' },
      { text: 'API', link: '/docs/api/', activeMatch: '^/docs/api/' },
      { text: 'Command line', link: '/docs/reference/cli' },
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
    sidebar: { '/docs/api/': apiSidebar(), '/': sidebar() },
    outline: [2, 3],
    editLink: editLink(repository.url),
    search,
    footer: { message: `${license} licence`, copyright: copyright.replace('(c)', '©') },
  },
  vite: {
    // The pages are small, and it is their number that makes the search index large.
    build: { chunkSizeWarningLimit: 4000 },
    server: { watch: { ignored: ['**/{build,coverage,dist,out,prebuilds}/**'] } },
  },
});
