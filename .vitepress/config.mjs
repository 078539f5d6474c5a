// The documentation site: `npm run docs:site` builds it into build/site, `npx vitepress dev` shows it while you write.
// Its pages are the Markdown files of the repository as they are; scripts/site has what the site needs beside them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { anchor, asOnGitHub } from '../scripts/site/markdown.mjs';
import { apiSidebar, sidebar } from '../scripts/site/sidebar.mjs';

const root = join(import.meta.dirname, '..');
const { name, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

export default defineConfig({
  title: name,
  description,
  // It has no address of its own: its pages find each other by relative links, below any path.
  base: './',
  // Else a browser asks for /favicon.ico, which is outside of the site.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  outDir: join(root, 'build/site'),
  cacheDir: join(root, 'build/vitepress'),
  srcExclude: ['{bench,build,coverage,lib,native,out,prebuilds}/**'],
  additionalConfig: {},
  rewrites: (page) => page.replace(/(^|\/)README\.md$/, '$1index.md').replace(/^scripts\/site\//, ''),
  transformPageData: ({ relativePath }) => (relativePath === 'index.md' ? { titleTemplate: false } : undefined),
  metaChunk: true,
  markdown: {
    config: asOnGitHub,
    anchor: { slugify: anchor },
    // What GitHub and npm don't know.
    attrs: false,
    emoji: false,
    toc: false,
    include: false,
  },
  themeConfig: {
    nav: [
      { text: 'API', link: '/docs/api/' },
      { text: 'Command line', link: '/docs/reference/cli' },
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
    sidebar: { '/docs/api/': apiSidebar(), '/': sidebar() },
    outline: [2, 3],
    search: {
      provider: 'local',
      // A word is on many pages of the API, and explained on others.
      options: {
        miniSearch: { searchOptions: { boostDocument: (id) => (id.startsWith('/docs/api/') ? 0.5 : 1) } },
      },
    },
  },
  vite: {
    // The pages are small, and it is their number that makes the search index large.
    build: { chunkSizeWarningLimit: 4000 },
    server: { watch: { ignored: ['**/{build,coverage,dist,out,prebuilds}/**'] } },
  },
});
