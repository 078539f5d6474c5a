// What is at the side of each page, in which order.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sources } from './sources.mjs';

const root = join(import.meta.dirname, '../..');

/** The three shelves of docs/, each in the order in which its pages are at the side. */
const SHELVES = {
  guides: ['install', 'from-child-process', 'recipes', 'agents', 'temporal', 'many-machines', 'bundling', 'faq'],
  reference: [
    'run',
    'spawn',
    'child-process',
    'sync',
    'warm-pool',
    'create-cage',
    'budget',
    'learned-limits',
    'contain',
    'launcher',
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
    'errors',
    'cli',
    'cgroup',
    'interface-files',
    'inventory',
    'monitoring',
    'containers',
    'parent',
    'enforcement',
    'supported',
    'bullmq',
    'native',
    'nodes',
    'speed',
    'threat-model',
    'stability',
  ],
  internals: ['architecture', 'guardian', 'reliability', 'tested'],
};

const AROUND = {
  internals: [
    '/CONTRIBUTING',
    '/RELEASING',
    '/SECURITY',
    '/test/README',
    '/test/guest/README',
    '/test/roots/README',
    '/test/arm64/README',
    '/CHANGELOG',
  ],
};

export function sidebar() {
  const section = (shelf) => [...pagesOf(shelf), ...(AROUND[shelf] ?? [])].map(page);
  return [
    { text: 'Start', items: ['/README', '/docs/tutorial'].map(page) },
    { text: 'Guides', items: section('guides') },
    { text: 'Examples', collapsed: true, items: examples() },
    { text: 'Reference', items: [...section('reference'), page('/docs/api/README')] },
    { text: 'Internals', collapsed: true, items: section('internals') },
  ];
}

function pagesOf(shelf) {
  const placed = SHELVES[shelf];
  const found = readdirSync(join(root, 'docs', shelf)).map((name) => basename(name, '.md'));
  const lost = found.filter((name) => !placed.includes(name));
  if (lost.length > 0) throw new Error(`not in scripts/site/sidebar.mjs: ${lost.join(', ')} of docs/${shelf}`);
  return placed.map((name) => `/docs/${shelf}/${name}`);
}

function page(name) {
  const title = name === '/README' ? 'Overview' : titleOf(`${name}.md`);
  return { text: title, link: name.replace(/README$/, '') };
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
