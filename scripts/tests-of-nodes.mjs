// The tests of what a version of Node can change, which run on each version. For the others one version is enough.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Beginnings of test paths, each with the reason. */
const TESTS_OF_NODES = {
  // Not the folders in it, where the addon makes a child's root and settings, and no Node is within the launcher.
  ...Object.fromEntries(
    ['channel', 'collect', 'handle', 'kill', 'leaks', 'matching', 'outcome', 'polluted', 'swap'].map((name) => [
      `test/integration/process/${name}`,
      "memcage's handle in Node's ChildProcess, whose inside changes",
    ]),
  ),
  'test/integration/process/node-heap': "options of V8's, and how it ends at its limit",
  'test/integration/start/sync/': 'spawnSync and the like, by an internal binding of Node',
  'test/integration/start/api/as-node': "functions beside Node's own",
  'test/integration/start/api/cluster': "Node's cluster",
  'test/integration/start/api/copies': 'memcage loaded twice',
  'test/integration/start/api/entry': 'memcage imported and required, util.promisify',
  'test/integration/start/api/inspect': 'util.inspect',
  'test/integration/start/api/parts': 'how modules are loaded',
  'test/integration/start/api/permission': 'permissions',
  'test/integration/start/contain/': 'contain()',
  'test/integration/libraries/': "what packages make of Node's child_process",
  'test/integration/jobs/warm-pool/': 'how a child of Node loads its module',
  'test/integration/start/launch/gate': 'what Node makes of a start that fails late',
  'test/integration/bad-input/as-node': 'the errors that Node throws',
  'test/integration/cage/evidence/heap-snapshot': 'the inspector, heap snapshots, and names of abstract sockets',
  'test/integration/cage/polling/life':
    'the thread of the sampler, its end, and requests while the event loop is blocked',
  'test/integration/events/environments': 'listeners in worker threads',
  'test/integration/native/workers': 'the addon in worker threads, and loaded twice',
  'test/integration/native/watcher': "calls from a thread of the addon's into the event loop, and exceptions there",
  'test/integration/native/owned-fd': 'finalizers',
  'test/integration/cgroup/dropped-handles': 'the garbage collector',
  'test/integration/container/entry-point':
    'what Node has done to the streams and signals of a process that becomes another program',
};

/** The results are also patterns for Jest. Throws if a test was moved, and would no longer run. */
export function testsOfNodes() {
  const files = readdirSync(join(root, 'test'), { recursive: true })
    .map((name) => `test/${name}`)
    .filter((name) => name.endsWith('.test.ts'));
  const beginnings = Object.keys(TESTS_OF_NODES);
  const lost = beginnings.filter((beginning) => !files.some((file) => file.startsWith(beginning)));
  if (lost.length > 0) throw new Error(`No test begins with ${lost.join(', ')}: see scripts/tests-of-nodes.mjs`);
  return beginnings;
}
