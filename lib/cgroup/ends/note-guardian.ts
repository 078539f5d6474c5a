import { constants } from 'node:os';
import type { NativeBinding } from '../../../types/native';
import { encodeNote } from './note';

/** Has a new guardian note that the one before was killed. Whether that was for memory, only the kernel's log tells. */
export function noteGuardian(native: NativeBinding, pid: number): void {
  const note = encodeNote({
    what: 'guardian',
    pid,
    owner: process.pid,
    name: 'memcage-guard',
    signal: constants.signals.SIGKILL,
    endedUs: native.monotonicNs() / 1000,
    memory: null,
    cause: null,
    by: null,
    startedUs: null,
    limitBytes: null,
    peakBytes: null,
    kills: null,
    exitCode: null,
    cgroup: null,
    limitPath: null,
  });
  native.noteEnd({ note });
}
