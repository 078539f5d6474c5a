import { closeSync, fstatSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { OpenFile } from '../../../lib/cgroup/directory/open-file';
import { EventCounter } from '../../../lib/cgroup/directory/v1-notifications';
import { loadNative } from '../../../lib/common/addon/load-native';
import { OwnedFd } from '../../../lib/common/addon/owned-fd';
import { fakeCgroup } from '../../support/cgroups/fake-cgroup';

const { EBADF } = constants.errno;

let cgroup: ReturnType<typeof fakeCgroup>;
let others: number[];

beforeEach(() => {
  cgroup = fakeCgroup({ 'memory.oom_control': 'oom_kill 0\n', 'cgroup.event_control': '' });
  others = [];
});
afterEach(() => {
  for (const fd of others) closeSync(fd);
  cgroup.remove();
});

/** Opens files, as other code might, until one of them gets the number. */
function reuse(fd: number): void {
  do others.push(openSync('/dev/null', 'r'));
  while (!others.includes(fd));
}

describe.each([
  ['an fd', () => new OwnedFd(loadNative(), loadNative().eventfdOpen())],
  ['an open file', () => new OpenFile(cgroup.directory, 'memory.oom_control')],
  ['a counter of events', () => new EventCounter(cgroup.directory, 'memory.oom_control')],
])('%s', (_, open) => {
  test("is closed once, and not again when its number is another's", () => {
    const owned = open();
    const { fd } = owned;
    owned.close();
    reuse(fd);
    owned.close();
    expect(() => fstatSync(fd)).not.toThrow();
    expect(owned.fd).toBe(-1);
  });
});

test('what is closed is not read from whoever has its number now', () => {
  const counter = new EventCounter(cgroup.directory, 'memory.oom_control');
  const file = new OpenFile(cgroup.directory, 'memory.oom_control');
  const fds = [counter.fd, file.fd];
  counter.close();
  file.close();
  for (const fd of fds) reuse(fd);
  expect(() => counter.count()).toThrow(expect.objectContaining({ errno: -EBADF }) as Error);
  expect(() => file.text()).toThrow(expect.objectContaining({ errno: -EBADF }) as Error);
});
