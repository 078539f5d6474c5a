import { accessSync, constants, readlinkSync } from 'node:fs';
import { ErrorCode, MemcageError } from '../../common/errors/errors';

/** Throws ERR_MEMCAGE_UNSUPPORTED with the reason and the cure if this process can't sample the memory of others. */
export function refuseWhereNothingCanBeSampled(platform: NodeJS.Platform): void {
  const permission: { has(scope: string, reference?: string): boolean } | undefined = process.permission;
  if (permission?.has('worker') === false) {
    throw refusal('the permission model forbids the worker thread that does so', 'add --allow-worker to --permission');
  }
  if (platform !== 'linux') {
    if (permission?.has('child') !== false) return;
    throw refusal('the permission model forbids to start ps', 'add --allow-child-process to --permission');
  }
  if (permission?.has('fs.read', '/proc') === false) {
    throw refusal('the permission model forbids to read /proc', 'add --allow-fs-read=/proc to --permission');
  }
  let self: string;
  try {
    self = readlinkSync('/proc/self');
    accessSync(`/proc/${self}/stat`, constants.R_OK);
  } catch (cause) {
    throw refusal('/proc is not mounted, or can not be read', 'mount -t proc proc /proc', cause);
  }
  if (self !== String(process.pid)) {
    throw refusal('/proc shows the processes of another PID namespace', 'mount -t proc proc /proc');
  }
}

function refusal(why: string, cure: string, cause?: unknown): MemcageError {
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    `memcage can't look at the memory of processes: ${why}. Cure: ${cure}`,
    { cause },
  );
}
