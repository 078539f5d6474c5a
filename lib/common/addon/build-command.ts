import { shellWord } from '../text/shell-word';
import { PACKAGE_ROOT } from './package-root';

/** What builds the addon and memcage-exec in this copy of memcage, whatever package manager installed it. */
export function buildCommand(): string {
  // With Yarn's Plug'n'Play only a program that Yarn starts finds the headers in node-addon-api.
  const through = process.versions['pnp'] === undefined ? '' : 'yarn exec ';
  return `${through}npm --prefix ${shellWord(PACKAGE_ROOT)} run build:native`;
}
