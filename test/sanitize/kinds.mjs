// Which tests run with which sanitizer.

/** Where a program of this build can't run, or where what is tested is the build itself. */
const NOT_WITH_ADDRESS = {};

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
  'limits/',
];

/** One test file or two for each room of native/. */
const GATE = ['native/(child|attend|cgroup-files|workers|watchdog)', 'survive/storm'];

const words = (paths) => paths.map((path) => `test/integration/${path}`);

/** The words for Jest that select the tests. */
export function selection(kind, isGate) {
  if (isGate) return words(GATE);
  if (kind === 'thread') return words(WITH_THREAD);
  const excluded = Object.keys(NOT_WITH_ADDRESS);
  return excluded.length === 0 ? [] : ['--testPathIgnorePatterns', ...words(excluded)];
}
