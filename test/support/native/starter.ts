import { launcherPath } from '../../../lib/process/launcher/executable';

/** The option `starter` of a clone that is not to share the memory of this process. */
export const STARTER = launcherPath();
