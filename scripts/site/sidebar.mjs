// What is at the side of each page, in which order.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { sources } from './sources.mjs';

const root = join(import.meta.dirname, '../..');

/** What docs/README.md lists, in its order. A page of docs/ that is not there is an error. */
export function sidebar() {
  const index = readFileSync(join(root, 'docs/README.md'), 'utf8');
  const [start, ...sections] = index.split(/^## /m);
  const lost = pagesOf('docs').filter((path) => !index.includes(`](${path})`));
  if (lost.length > 0) throw new Error(`docs/README.md has no link to ${lost.join(', ')}`);
  const [guides, reference, internals] = sections.map(sectionOf);
  return [
    { text: 'Start', items: linksOf(start) },
    guides,
    { text: 'Examples', collapsed: true, items: examples() },
    reference,
    { ...internals, collapsed: true },
  ];
}

function pagesOf(directory) {
  return readdirSync(join(root, directory), { recursive: true }).filter(
    (path) => path.endsWith('.md') && path !== 'README.md' && !path.startsWith('api/'),
  );
}

function sectionOf(markdown) {
  const [own, ...groups] = markdown.split(/^### /m);
  const items = [...linksOf(own), ...groups.map((group) => ({ ...sectionOf(group), collapsed: true }))];
  return { text: own.split('\n', 1)[0], items };
}

function linksOf(markdown) {
  return [...markdown.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, text, path]) => ({
    text,
    link: posix
      .join('/docs', path)
      .replace(/\.md$/, '')
      .replace(/(^|\/)README$/, '$1'),
  }));
}

function examples() {
  const paths = sources().map(({ path }) => path);
  return paths
    .filter((path) => path.startsWith('examples/') && path.endsWith('.mts'))
    .map((path) => ({ text: basename(path, '.mts'), link: `/${path}` }));
}

/** The pages that TypeDoc makes, by entry point and kind. */
export function apiSidebar() {
  const entries = [
    'memcage',
    'memcage/cgroup',
    'memcage/machine',
    'memcage/oci',
    'memcage/child_process',
    'memcage/native',
    'memcage/otel',
    'memcage/prometheus',
    'memcage/bullmq',
    'memcage/jest',
    'memcage/vitest',
  ];
  return [
    { text: 'Documentation', link: '/docs/' },
    { text: 'API', link: '/docs/api/' },
    ...entries.map((entry) => ({
      text: entry,
      link: `/docs/api/${entry}/`,
      collapsed: entry !== 'memcage',
      items: kinds(`docs/api/${entry}`),
    })),
  ];
}

const KINDS = ['classes', 'functions', 'interfaces', 'type-aliases', 'variables'];

function kinds(folder) {
  return KINDS.filter((kind) => existsSync(join(root, folder, kind))).map((kind) => ({
    text: kind.replace('-', ' ').replace(/^./, (letter) => letter.toUpperCase()),
    collapsed: kind !== 'classes',
    items: readdirSync(join(root, folder, kind))
      .sort((a, b) => a.localeCompare(b, 'en'))
      .map((name) => ({ text: basename(name, '.md'), link: `/${folder}/${kind}/${basename(name, '.md')}` })),
  }));
}
