import { NOTE_BYTES, type Note } from '../../lib/cgroup/ends/note';

export const BOOT = '01234567-89ab-cdef-0123-456789abcdef';

/** What the guardian adds to a note. */
export function asWritten(bytes: Buffer, boot = BOOT): Buffer {
  const whole = Buffer.from(bytes);
  whole.write('memcage1', 0, 'latin1');
  whole.write(boot, 72, 'latin1');
  let check = 0x811c9dc5;
  for (const byte of whole.subarray(0, NOTE_BYTES - 4)) check = Math.imul(check ^ byte, 0x01000193) >>> 0;
  whole.writeUInt32LE(check, NOTE_BYTES - 4);
  return whole;
}

export function noteWith(known: Partial<Note>): Note {
  return {
    what: 'child',
    memory: null,
    cause: null,
    by: null,
    startedUs: null,
    endedUs: 0,
    limitBytes: null,
    peakBytes: null,
    kills: null,
    pid: 71,
    owner: 70,
    exitCode: null,
    signal: 9,
    name: 'node',
    cgroup: null,
    limitPath: null,
    ...known,
  };
}
