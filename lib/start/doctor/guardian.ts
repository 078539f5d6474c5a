import type { Finding } from '../../../types/diagnosis';
import { wantsGuardian } from '../../cgroup/processes/guardian';
import { findExecutable } from '../../process/launcher/executable';

export function findGuardian(): Finding {
  const name = 'guardian';
  const found = findExecutable();
  if (typeof found !== 'string') return { name, state: 'missing', detail: found.detail, cure: found.cure };
  if (!wantsGuardian()) {
    return {
      name,
      state: 'limited',
      detail: 'turned off: when a process is killed, its cages remain until memcage runs again',
      cure: 'leave out MEMCAGE_GUARDIAN=0 and prepare({ guardian: false })',
    };
  }
  return { name, state: 'ok', detail: 'ends the cages of a process that is killed' };
}
