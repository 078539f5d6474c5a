import type { ParentCandidate, ParentSource } from '../../types/parent';
import { ErrorCode, MemcageError } from '../errors/errors';

const SOURCES: Readonly<Record<ParentSource, string>> = {
  option: 'the option parent',
  environment: 'MEMCAGE_PARENT',
  own: 'the cgroup of this process',
  ancestor: 'a cgroup above it',
  systemd: 'a scope from systemd',
};

export function namePlace({ source, path }: Pick<ParentCandidate, 'source' | 'path'>): string {
  return path === null ? SOURCES[source] : `${SOURCES[source]} (${path})`;
}

/**
 * A place for cages in words, as `memcage doctor` prints it: which one it is, whether it can be used, and what would make it
 * usable. One line, without an end.
 *
 * @param candidate of a {@link Diagnosis}, or of an error with the code `ERR_MEMCAGE_NO_PARENT`
 */
export function describeCandidate({ source, path, refusal, cure }: ParentCandidate): string {
  const place = namePlace({ source, path });
  if (refusal === null) return `${place}: can be used`;
  return `${place}: ${refusal}${cure === undefined ? '' : `; cure: ${cure}`}`;
}

export function noParent(candidates: readonly ParentCandidate[]): MemcageError {
  const lines = candidates.map((candidate) => `\n- ${describeCandidate(candidate)}`);
  return new MemcageError(
    ErrorCode.NO_PARENT,
    `There is no cgroup in which cages may be made (\`memcage doctor\` tells more):${lines.join('')}`,
    { candidates },
  );
}
