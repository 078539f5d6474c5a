import { randomBytes } from 'node:crypto';
import type { EnforcedBy } from '../../../types/outcome';
import { openGroup, type PolledGroup, type PolledKill } from '../polling/open-group';
import { UnmeasuredGroup } from './unmeasured-group';

/** The processes of one child, or of a whole cage, and how the sampler finds them. */
export interface Polled {
  readonly group: PolledGroup;
  /** `NAME=value`, in the environment of every process of it. */
  readonly marker: string;
}

export function openPolled({
  kind,
  ...options
}: Pick<EnforcedBy, 'kind'> & Omit<Parameters<typeof openGroup>[0], 'marker'>): Polled {
  const marker = newMarker();
  if (kind === 'polled') return { marker, group: openGroup({ ...options, marker }) };
  try {
    return { marker, group: openGroup({ ...options, marker }) };
  } catch {
    // Nothing holds its limits in any case.
    return { marker, group: new UnmeasuredGroup() };
  }
}

/** For the processes of one child in a cage that holds its limits, and knows what becomes of the sampler. */
export function openLeaf({ kind }: EnforcedBy): Polled {
  return openPolled({ kind, limitBytes: Number.POSITIVE_INFINITY, onKill: ignored });
}

function ignored(_kill: PolledKill): void {}

/** No other group has it: 64 random bits. */
function newMarker(): string {
  return `MEMCAGE_POLLED_${randomBytes(8).toString('hex')}=1`;
}
