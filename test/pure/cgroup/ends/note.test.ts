import { decodeNote, encodeNote, type Note } from '../../../../lib/cgroup/ends/note';
import { asWritten, HERE, noteWith } from '../../../support/noted';
import { testRows } from '../../../support/rows';

const FULL: Note = {
  what: 'member',
  memory: true,
  cause: 'descendant',
  by: 'cpuTime',
  startedUs: 1,
  endedUs: 2 ** 52,
  limitBytes: 2 ** 40,
  peakBytes: 0,
  kills: 3,
  pid: 4_194_303,
  owner: 70,
  exitCode: 137,
  signal: 0,
  name: 'fifteen letters',
  cgroup: '/sys/fs/cgroup/memcage-70-ab/1',
  limitPath: `/${'x'.repeat(190)}`,
};

testRows<[string, Note]>(
  'a note is read as it was written',
  [
    ['with all that there is', FULL],
    ['with nothing', noteWith({})],
    ['of a cage', noteWith({ what: 'cage', pid: null, memory: false })],
  ],
  ([, note]) => expect(decodeNote(asWritten(encodeNote(note)), HERE)).toEqual(note),
);

test('a path that has no room is cut off, and spoils nothing behind it', () => {
  const note = decodeNote(asWritten(encodeNote({ ...FULL, cgroup: `/${'y'.repeat(500)}` })), HERE);
  expect(note).toEqual({ ...FULL, cgroup: `/${'y'.repeat(191)}` });
});

testRows<[string, (bytes: Buffer) => Buffer]>(
  'what is no note is left out',
  [
    ['half of one', (bytes) => bytes.subarray(0, 256)],
    ['zeros', (bytes) => Buffer.alloc(bytes.length)],
    ['one with a changed byte', (bytes) => Buffer.from(bytes.map((byte, index) => (index === 30 ? byte ^ 1 : byte)))],
    ['one that the guardian has not seen', () => encodeNote(FULL)],
    ['one of another boot', () => asWritten(encodeNote(FULL), { ...HERE, boot: HERE.boot.replace('0', '1') })],
    ['one of another PID namespace', () => asWritten(encodeNote(FULL), { ...HERE, pids: 1 })],
  ],
  ([, change]) => expect(decodeNote(change(asWritten(encodeNote(FULL))), HERE)).toBeUndefined(),
);
