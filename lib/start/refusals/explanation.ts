import type { CloneFailure } from '../../../types/native';
import { type ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, type Words, words } from '../../common/errors/words';

/** Why a child could not be started. */
export interface Explanation {
  code: ErrorCode;
  message: Words;
  /** The option that could not be met. Left out if it is none, or more than one. */
  option?: string | undefined;
  /** What helps, with which the message ends. Left out if nothing is known to help, or the message says it already. */
  cure?: Words | undefined;
}

/** Why the kernel refused a part of what a child was to have. */
export interface Reason {
  why: Words;
  /** What helps. Left out if nothing is known to help. */
  cure?: Words | undefined;
}

/** The error for a step that failed, from what is known of it. */
export function startError(
  { stage, errno, path, syscall }: CloneFailure,
  { code, message, option, cure }: Explanation,
): MemcageError {
  return new MemcageError(code, cure === undefined ? message : words`${message}${CURE}${cure}`, {
    errno,
    syscall,
    stage,
    ...(path !== '' && { path }),
    option,
  });
}
