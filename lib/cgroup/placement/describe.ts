import type { ParentCandidate, ParentSource } from '../../../types/parent';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { isNamed, OR_POLLED } from './cures';

const SOURCES: Readonly<Record<ParentSource, string>> = {
  option: 'the option parent',
  environment: 'MEMCAGE_PARENT',
  own: 'the cgroup of this process',
  ancestor: 'a cgroup above it',
  systemd: 'a scope from systemd',
};

export function nameCandidate({ source, path }: Pick<ParentCandidate, 'source' | 'path'>): string {
  return path === null ? SOURCES[source] : `${SOURCES[source]} (${path})`;
}

/**
 * A candidate for the parent of cages in words, as `memcage doctor` prints it: which one it is, whether it can be used,
 * and what would make it usable. One line, without a full stop.
 *
 * @param candidate of a {@link Diagnosis}, or of an error with the code `ERR_MEMCAGE_NO_PARENT`
 */
export function describeCandidate({ source, path, refusal, cure }: ParentCandidate): string {
  const name = nameCandidate({ source, path });
  if (refusal === null) return `${name}: can be used`;
  return `${name}: ${refusal}${cure === undefined ? '' : `; cure: ${cure}`}`;
}

/** @param cause the first thing that the kernel refused, if it did */
export function noParent(candidates: readonly ParentCandidate[], cause?: unknown): MemcageError {
  const lines = candidates.map((candidate) => `\n- ${describeCandidate(candidate)}`);
  if (!candidates.some(({ source }) => isNamed(source))) lines.push(`\n${OR_POLLED}`);
  const { errno, syscall } = (cause ?? {}) as NodeJS.ErrnoException;
  return new MemcageError(
    ErrorCode.NO_PARENT,
    `No cgroup can be the parent of cages (run \`memcage doctor\` for details):${lines.join('')}`,
    { candidates, errno, syscall, cause },
  );
}
