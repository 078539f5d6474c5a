import { type Here, NOTE_BYTES, type Note, noteOf } from '../../lib/cgroup/ends/note';

export const HERE: Here = { boot: '01234567-89ab-cdef-0123-456789abcdef', pids: 4_026_531_836 };

/** What the guardian adds to a note. */
export function asWritten(bytes: Buffer, { boot, pids } = HERE): Buffer {
  const whole = Buffer.from(bytes);
  whole.write('memcage1', 0, 'latin1');
  whole.writeUInt32LE(pids, 68);
  whole.write(boot, 72, 'latin1');
  let check = 0x811c9dc5;
  for (const byte of whole.subarray(0, NOTE_BYTES - 4)) check = Math.imul(check ^ byte, 0x01000193) >>> 0;
  whole.writeUInt32LE(check, NOTE_BYTES - 4);
  return whole;
}

/** Of a process that SIGKILL has ended. */
export function noteWith(known: Partial<Note>): Note {
  return noteOf('child', { endedUs: 0, pid: 71, owner: 70, signal: 9, name: 'node', ...known });
}
