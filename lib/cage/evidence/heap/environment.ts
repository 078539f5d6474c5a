import { companion } from '../../../common/addon/companion';
import type { HeapAddress } from '../messages';
import { VARIABLE } from './protocol';

/** The file that Node children load first. */
export const PRELOAD = 'evidence-preload.js';
const OPTIONS = 'NODE_OPTIONS=';

/** The environment of a child whose Node programs are to write heap snapshots. */
export function withPreload(env: readonly string[], { name, secret }: HeapAddress): string[] {
  const own = requireOption(companion(PRELOAD));
  const given = env.find((pair) => pair.startsWith(OPTIONS))?.slice(OPTIONS.length) ?? '';
  // That of a cage around, whose child starts this one.
  const options = given.includes(own) ? given : [given, own].filter((part) => part !== '').join(' ');
  const others = env.filter((pair) => !pair.startsWith(OPTIONS) && !pair.startsWith(`${VARIABLE}=`));
  return [...others, `${OPTIONS}${options}`, `${VARIABLE}=${name}:${secret}`];
}

/** Node takes a backslash in quotes, and only there, for an escape. */
function requireOption(path: string): string {
  return `--require "${path.replace(/["\\]/g, '\\$&')}"`;
}
