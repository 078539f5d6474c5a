import { dirname, join } from 'node:path';
import { addonPath } from '../addon/load-native';

let path: string | undefined;

/** Path of memcage-exec, which is built and packed beside the addon. */
export function launcherPath(): string {
  path ??= join(dirname(addonPath()), 'memcage-exec');
  return path;
}
