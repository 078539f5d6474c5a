import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { ErrorCode, MemcageError } from '../../common/errors/errors';

const { EINVAL, ENOSYS } = constants.errno;

/** Explains why the child's exit status is unknown. */
export function explainLostStatus(errno: number): Error {
  const known = { errno, syscall: 'waitid' };
  // EINVAL: the kernel is older than P_PIDFD.
  if (errno === -ENOSYS || errno === -EINVAL) {
    const message = 'waitid with P_PIDFD (Linux 5.4) is missing (this Linux is too old, or a seccomp filter hides it)';
    return new MemcageError(ErrorCode.UNSUPPORTED, `${message}, so that it is not known how the child ended`, known);
  }
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${code}: it is not known how the child ended, waitid`), { code }, known);
}
