import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { EXERCISED, isAbout, type Site, touches } from '../../support/proving/touched';
import { testRows } from '../../support/rows';

const ROOT = join(__dirname, '../../..');

/** What no operation goes through, as a whole: what is above them, and what they only read. */
const UNEXERCISED = [
  ...['drawing', 'errors', 'event-loop', 'oci', 'options', 'text'].map((room) => `lib/common/${room}`),
  ...['lib/programs', 'lib/start/doctor'],
];

type Words = `${string} ${Site['point']['role']} ${string} ${string}`;

function site(words: Words): Site {
  const [operation, role, call, subject] = words.split(' ') as [string, Site['point']['role'], string, string];
  return { operation, point: { role, call, subject } };
}

const LEAF = '/sys/fs/cgroup/memory/memcage-7-0123456789abcdef/1/memory.limit_in_bytes';

testRows(
  'a change touches what it makes different, and not the rest',
  [
    ['native/guardian/client.cc', 'spawn guardian recvmsg socket:[1]', 'spawn watcher read x'],
    ['native/guardian/client.cc', 'spawn parent sendmsg socket:[1]', 'spawn child sendmsg socket:[1]'],
    ['native/launcher/supervise.cc', 'init init wait4 1', 'spawn guardian wait4 1'],
    ['native/launcher/guard_process.cc', 'spawn guardian poll x', 'init launcher poll x'],
    ['native/launcher/start_children.cc', 'close starter recvmsg socket:[1]', 'close parent sendmsg socket:[1]'],
    ['native/starter/client.cc', 'user child execve x', 'spawn child execve x'],
    ['native/launcher/arguments.cc', 'gate launcher read socket:[1]', 'gate guardian read socket:[1]'],
    ['native/clone/child.cc', 'spawn child dup3 /dev/null', 'spawn watcher waitid 3'],
    ['native/clone/root_dev.cc', 'root child mount /dev', 'spawn child dup3 /dev/null'],
    ['native/watch/watcher.cc', 'spawn watcher waitid 3', 'spawn child execve /bin/true'],
    ['native/cgroup/files.cc', `limits parent write ${LEAF}`, 'limits parent read /proc/swaps'],
    ['native/sys/syscalls.cc', 'spawn guardian poll x', undefined],
    ['lib/start/sync/spawn-sync.ts', 'sync parent ppoll 1', 'spawn parent poll 1'],
    ['lib/jobs/budget/admission/job-queue.ts', 'gate parent mkdirat 1', 'spawn parent mkdirat 1'],
    ['lib/jobs/warm-pool/pool.ts', 'pool child execve x', 'run child execve x'],
    ['lib/process/root/root.ts', 'root init chdir /', 'init init chdir /'],
    ['lib/cgroup/limits/limit-plan.ts', `spawn parent write ${LEAF}`, 'spawn parent read /proc/swaps'],
    ['lib/cage/root/sweep.ts', 'create parent mkdirat memcage-7-0123456789abcdef', 'create parent mkdirat 1'],
    ['lib/cage/root/list-cages.ts', 'list parent getdents64 x', 'garbage parent getdents64 x'],
    ['lib/start/contain/contain.ts', 'contain parent mkdirat 1', 'run parent mkdirat 1'],
    ['lib/cage/polling/poller.ts', undefined, 'spawn parent read x'],
    ['lib/programs/cli/every-command.ts', undefined, 'spawn parent read x'],
    ['README.md', undefined, 'spawn parent read x'],
  ] as const,
  ([path, touched, untouched]) => {
    const isTouched = touches([path]);
    if (touched !== undefined) expect(isTouched(site(touched))).toBe(true);
    if (untouched !== undefined) expect(isTouched(site(untouched as Words))).toBe(false);
  },
);

test('several changes touch what each of them touches, and none nothing', () => {
  const either = touches(['README.md', 'lib/start/sync/sync-result.ts', 'lib/process/root/paths.ts']);
  const all = ['sync', 'root', 'spawn'].map((operation) => site(`${operation} parent read x`));
  expect(all.map(either)).toEqual([true, true, false]);
  expect(all.map(touches([]))).toEqual([false, false, false]);
});

test('a change is about the operations that it names, and those with a role that few have', () => {
  const [sync, launcher, starter, sys] = [
    ['lib/start/sync/spawn-sync.ts', 'sync'],
    ['native/launcher/arguments.cc', 'init'],
    ['native/launcher/start_children.cc', 'shared'],
    ['native/sys/syscalls.cc', 'sync'],
  ].map(([path = '', operation = '']) => [operation, 'spawn'].map(isAbout([path])));
  expect({ sync, launcher, starter, sys }).toEqual({
    ...{ sync: [true, false], launcher: [true, false], starter: [true, false] },
    // Any operation will do.
    sys: [false, false],
  });
});

test('each room of the source has a line, and each line something of the source', () => {
  const rooms = ['lib', 'native'].flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && relative(join(ROOT, top), entry.parentPath) !== '')
      .map(({ parentPath }) => relative(ROOT, parentPath)),
  );
  const covers = (room: string, line: string): boolean => room === line || room.startsWith(`${line}/`);
  const lines = [...Object.keys(EXERCISED), ...UNEXERCISED];
  expect([...new Set(rooms)].filter((room) => !lines.some((line) => covers(room, line)))).toEqual([]);
  expect(UNEXERCISED.filter((line) => line in EXERCISED || !rooms.some((room) => covers(room, line)))).toEqual([]);
  const isThere = (key: string): boolean =>
    existsSync(join(ROOT, key)) ||
    readdirSync(join(ROOT, key, '..')).some((name) => name.startsWith(key.slice(key.lastIndexOf('/') + 1)));
  expect(Object.keys(EXERCISED).filter((key) => !isThere(key))).toEqual([]);
});
