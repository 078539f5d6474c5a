import { createHash } from 'node:crypto';

/** These in an order that the seed decides. `nameOf` tells one from another. */
export function shuffled(items, seed, nameOf = (item) => item) {
  const orders = new Map(
    items.map((item) => [
      item,
      createHash('sha256')
        .update(`${seed} ${nameOf(item)}`)
        .digest('hex'),
    ]),
  );
  return items.toSorted((a, b) => (orders.get(a) < orders.get(b) ? -1 : 1));
}
