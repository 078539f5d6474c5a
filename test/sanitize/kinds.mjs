// Which tests run with which sanitizer.

/** Tests, by a part of their names, that this build can't pass. */
const NOT_WITH_ADDRESS = {
  "a launcher that needs the C library's files does not start there, or then": [
    'the files that the command sees an empty root, read-only',
    'the files that the command sees a program that is not inside',
    'a directory as the root is all that the child sees',
    'a directory as the root read-only, but for a bind without readOnly and a tmpfs',
    'a directory as the root an empty root has what is made in it',
    'the examples of all pages print what they say',
    'a root of its own for a user without rights a directory, an empty one, and the machine',
    'a root of its own for a user without rights without capabilities, or with those that are kept',
    'a root of its own for a user without rights a root that this user may not search is told',
    'with the compilers of the judge',
    'a limit of open files may be lower than the number of a pipe',
  ],
  'node has a library beside it': ['untrusted the program’s own file is there, wherever it is'],
  'another runtime is not linked with that of the sanitizer': [
    'with Bun',
    'in Bun',
    'Bun.spawn',
    'need bun',
    'Bun in a cage',
    'an executable of Bun',
    'in Deno',
    'Deno in a cage',
    'with Deno',
  ],
  'the image has the packages of a checkout, and this one has a link to them': [
    'memcage init in a container of',
    'cages in a Docker container',
    'in a real container reading works',
  ],
  'the runtime makes system calls of its own, which rules of the overseer count': [
    'a parent that is killed when its child runs its program, before the guardian begins',
    'a system call that fails never brings about a crash',
  ],
  'node with the runtime, or a guardian, is larger than the test lets it be': [
    'the heap of a Node child a program that takes more than it may',
    '--node-heap one line on stderr',
    'budget.contain many that wait, within the memory of the budget',
    'budget.contain no more wait than there may be files',
    'has of each open cage what the kernel has, also after a kill',
    'the guardian is one process that sleeps outside of the cages',
    'workers on several machines',
    'evidence of what fills the memory names the kind of memory, and the process that holds most',
    'heap snapshots of Node processes that fill a cage tell the types that fill the fullest thread',
    'heap snapshots of Node processes that fill a cage are of each process that holds a quarter',
    'a worker that reaches a limit by its JavaScript heap',
    'a start by the starter gives back what a large one took',
    'memcage run --die-with-parent, whose client is killed',
  ],
  'what the runtime reserves, 15 TB, is too much to be searched': [
    'between two starts, the starter has no fd but its own',
    'between two starts, the starter has none of the environment',
  ],
};

/** Where threads of the addon, of the event loop, or of worker threads meet. */
const WITH_THREAD = [
  'survive/storm',
  'native/(workers|watcher|watch|watchdog|attend|meters|stall-meters|thread-namespaces|id-map-programs|kill-all)',
  'events/',
  'api/contain-threads',
  'libraries/threads',
  'cage/(guardian|lifecycle|end-of-owner|cpu-time|many-nested)',
  'cgroup/(watch|read-many)',
  'process/(handle|leaks)',
  'sync/',
  'warm-pool/',
  // Not pids: with the thread of the sanitizer, Node waits for ever below a limit at which it begins otherwise.
  'limits/(cpu|per-child|spare-sides)',
];

/** Each room of native/ once. */
const GATE = {
  address: [
    'native/(child|arguments|attend|cgroup-files|systemd-bus|root)\\.test',
    'launcher/init',
    'cage/ended-owner',
  ],
  thread: ['native/(watcher|attend|watchdog|watchdog-frozen|workers)\\.test', 'events/environments'],
};

const words = (paths) => paths.map((path) => `test/integration/${path}`);

/** The words for Jest that select the tests, or those of them that Jest finds by `given`. */
export function selection(kind, { given, isGate }) {
  const chosen = given.length > 0 ? given : isGate ? words(GATE[kind]) : kind === 'thread' ? words(WITH_THREAD) : [];
  if (kind === 'thread') return chosen;
  const names = Object.values(NOT_WITH_ADDRESS).flat();
  const excluded = names.map((name) => name.replaceAll(/[.()]/g, '\\$&')).join('|');
  return [...chosen, '--testNamePattern', `^(?!.*(?:${excluded}))`];
}
