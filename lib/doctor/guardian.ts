import { accessSync, constants } from 'node:fs';
import type { Finding } from '../../types/diagnosis';
import { launcherPath } from '../launcher/executable';
import { wantsGuardian } from '../launcher/guardian';

export function findGuardian(): Finding {
  const name = 'guardian';
  if (!wantsGuardian()) {
    return {
      name,
      state: 'limited',
      detail: 'turned off: when a process is killed, its cages remain until memcage runs again',
      cure: 'leave out MEMCAGE_GUARDIAN=0 and prepare({ guardian: false })',
    };
  }
  const path = launcherPath();
  try {
    accessSync(path, constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      name,
      state: 'missing',
      detail: `${path} can't be run (${code}), so that no cage can be made`,
      cure: 'install the package anew, where programs may be run; or set MEMCAGE_GUARDIAN=0',
    };
  }
  return { name, state: 'ok', detail: 'ends the cages of a process that is killed' };
}
