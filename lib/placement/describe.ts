import type { ParentCandidate, ParentSource } from '../../types/parent';
import { ErrorCode, MemcageError } from '../errors/errors';

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

/** One line, without a full stop. */
export function describeCandidate({ source, path, refusal, cure }: ParentCandidate): string {
  const name = nameCandidate({ source, path });
  if (refusal === null) return `${name}: can be used`;
  return `${name}: ${refusal}${cure === undefined ? '' : `; cure: ${cure}`}`;
}

export function noParent(candidates: readonly ParentCandidate[]): MemcageError {
  const lines = candidates.map((candidate) => `\n- ${describeCandidate(candidate)}`);
  return new MemcageError(
    ErrorCode.NO_PARENT,
    `No cgroup can be the parent of cages (run \`memcage doctor\` for details):${lines.join('')}`,
    { candidates },
  );
}
