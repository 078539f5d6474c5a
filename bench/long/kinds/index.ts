import type { Random } from '../../support/random';
import type { Kind } from '../world';
import { functionKinds } from './functions';
import { privateKinds } from './private';
import { refusedKinds } from './refused';
import { sharedKinds } from './shared';
import { waitingKinds } from './waiting';

export const kinds: readonly Kind[] = [
  ...privateKinds,
  ...refusedKinds,
  ...sharedKinds,
  ...functionKinds,
  ...waitingKinds,
];

const sum = kinds.reduce((all, { weight }) => all + weight, 0);

/** Often the usual ones, seldom those that take long. */
export function drawKind(random: Random): Kind {
  let left = random() * sum;
  for (const kind of kinds) {
    left -= kind.weight;
    if (left < 0) return kind;
  }
  return kinds[0] as Kind;
}
