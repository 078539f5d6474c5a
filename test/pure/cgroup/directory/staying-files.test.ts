import { cgroupsInMemory, refusal } from '../../../support/cgroups/cgroups-in-memory';

const FILES = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`limit${index}`, '']));

/** A directory whose files stay open, and how many fds are open beside the anchor's. */
function directoryOf(tree: Record<string, Record<string, string>> = { c: FILES }) {
  const machine = cgroupsInMemory({ '': {}, ...tree });
  const directory = machine.directory('c');
  directory.letFilesStayOpen();
  return { ...machine, directory, openFiles: () => machine.open.size - 1 };
}

test('a file is opened once, however often it is written, and closed with the removal', () => {
  const { directory, native, done, openFiles } = directoryOf();
  const open = jest.spyOn(native, 'openBeneath');
  for (const value of ['1', '2']) directory.write('limit0', value);
  expect(directory.stayingFd('limit0', 'write')).toBe(directory.stayingFd('limit0', 'write'));
  expect([open.mock.calls.length, openFiles()]).toEqual([1, 1]);
  directory.remove();
  expect(done).toEqual(['write c/limit0 1', 'write c/limit0 2', 'remove c']);
  expect(openFiles()).toBe(0);
});

test('without a free fd, nothing stays open, and a write opens the file for itself', () => {
  const { directory, native, done, openFiles } = directoryOf();
  native.openBeneath = () => {
    throw refusal('EMFILE');
  };
  directory.write('limit0', '1');
  expect(directory.stayingFd('limit0', 'read')).toBeUndefined();
  expect([done, openFiles()]).toEqual([['write c/limit0 1'], 0]);
});

test('no more than 18 stay open, and others have room again once those are closed', () => {
  const { directory, done, openFiles } = directoryOf();
  for (const file of Object.keys(FILES)) directory.write(file, '1');
  expect([done.length, openFiles()]).toEqual([20, 18]);
  const other = directoryOf();
  expect(other.directory.stayingFd('limit0', 'read')).toBeUndefined();
  directory.remove();
  expect(other.directory.stayingFd('limit0', 'read')).toBeDefined();
  other.directory.remove();
  expect([openFiles(), other.openFiles()]).toEqual([0, 0]);
});

test('who writes to a cgroup that somebody removed hears of that', () => {
  const { directory, native, openFiles } = directoryOf();
  directory.write('limit0', '1');
  native.writeOpen = () => {
    throw refusal('ENODEV', 'write');
  };
  expect(() => directory.write('limit0', '1')).toThrow(expect.objectContaining({ code: 'ERR_MEMCAGE_NO_CGROUP' }));
  directory.remove();
  expect(openFiles()).toBe(0);
});
