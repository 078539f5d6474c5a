import { launcherPath } from '../../../lib/process/launcher/executable';
import type { CloneOptions } from '../../../types/native';

/** The option `starter` of a clone that is not to share the memory of this process. */
export const STARTER = launcherPath();

/** How the addon can start a child. */
export const WAYS: { how: string; way: Pick<CloneOptions, 'starter'> }[] = [
  { how: 'directly', way: {} },
  { how: 'by the starter', way: { starter: STARTER } },
];
