// What is at the side of each page, in which order.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sources } from './sources.mjs';

const root = join(import.meta.dirname, '../..');

/** Every page of docs/ is in one of these; the file of a page that is not in docs/ has its path from the root. */
const SECTIONS = {
  Start: ['/README', 'tutorial', 'install', 'bundling', 'from-child-process', 'faq', 'recipes', 'temporal', 'agents'],
  Guides: [
    'run',
    'spawn',
    'child-process',
    'sync',
    'warm-pool',
    'create-cage',
    'budget',
    'learned-limits',
    'contain',
    'limits',
    'stall',
    'oci',
    'namespaces',
    'files',
    'child-settings',
    'privileges',
    'outcome',
    'memory',
    'node-heap',
    'events',
    'launcher',
  ],
  Reference: ['stability', 'cli', 'errors', 'cgroup', 'interface-files', 'supported', 'native', 'nodes', 'api/README'],
  Operations: [
    'parent',
    'containers',
    'bullmq',
    'many-machines',
    'enforcement',
    'monitoring',
    'inventory',
    'speed',
    'threat-model',
    '/SECURITY',
  ],
  Internals: [
    'architecture',
    'guardian',
    'reliability',
    'tested',
    '/CONTRIBUTING',
    '/RELEASING',
    '/test/README',
    '/test/guest/README',
    '/test/roots/README',
    '/test/arm64/README',
    '/CHANGELOG',
  ],
};

export function sidebar() {
  const placed = Object.values(SECTIONS).flat();
  const lost = readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .filter((name) => !placed.includes(basename(name, '.md')));
  if (lost.length > 0) throw new Error(`docs/${lost.join(', docs/')}: in no section of scripts/site/sidebar.mjs`);
  const sections = Object.entries(SECTIONS).map(([text, names]) => ({ text, items: names.map(page) }));
  return [...sections.slice(0, 2), { text: 'Examples', collapsed: true, items: examples() }, ...sections.slice(2)];
}

function page(name) {
  const path = name.startsWith('/') ? name : `/docs/${name}`;
  const title = path === '/README' ? 'Overview' : titleOf(`${path}.md`);
  return { text: title, link: path.replace(/README$/, '') };
}

function titleOf(path) {
  const [, title] = /^# (.*)$/m.exec(readFileSync(join(root, path), 'utf8')) ?? [];
  if (title === undefined) throw new Error(`${path} has no title`);
  return title.replaceAll('`', '');
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
  ];
  return [
    { text: 'Documentation', link: '/' },
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
