import { readFileSync } from 'node:fs';
import type { Finding } from '../../../types/diagnosis';

/** The user that children run as, unless they are given another one. */
export function findUser(): Finding {
  const name = 'user';
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { name, state: 'ok', detail: `children run as the user ${uid}` };
  if (!isInitial()) return { name, state: 'ok', detail: 'children run as root of a user namespace' };
  return {
    name,
    state: 'limited',
    detail: 'children run as root, who can leave any cage',
    cure: 'give what you do not trust a user of its own, by `uid` and `gid`: docs/threat-model.md',
  };
}

/** The first user namespace maps all ids to themselves. */
function isInitial(): boolean {
  const [inside, outside, count] = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/).map(Number);
  return inside === 0 && outside === 0 && count === 2 ** 32 - 1;
}
