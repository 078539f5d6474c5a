import { dominatorsOf, type HeapGraph, STEPS } from './dominators';
import type { HeapType } from './messages';

/** An object that retains this part of the heap is what all of its kind are in, rather than one of them. */
const HOLDER = 1 / 20;
/** V8's and Node's own, which hold all there is. Node 26 has the global object as `global (global*)`. */
const SYSTEM = /^\(system\)$|^global( |$)| \/ /;

/**
 * What would be freed if all objects of a type were. The first type is the one that a reader looks for: most memory is in objects
 * of it. What is of no class (strings, Arrays, Maps, Buffers) counts for the object of a class that retains it, of several ones the
 * outermost, but for no holder of another class. Below a function's scope it is told by itself.
 *
 * @returns the types that a program has made, the largest first
 */
export function* retainedTypes(graph: HeapGraph, types: readonly HeapType[]): Generator<void, HeapType[]> {
  const { order, dominators } = yield* dominatorsOf(graph);
  const count = order.length;
  const retained = new Float64Array(count);
  // Of the nodes that one dominates, the first; after each the next.
  const firsts = new Uint32Array(count);
  const nexts = new Uint32Array(count);
  for (let node = count - 1; node >= 0; node -= 1) {
    retained[node] = (retained[node] ?? 0) + (graph.sizes[order[node] ?? 0] ?? 0);
    if (node === 0) break;
    const by = dominators[node] ?? 0;
    retained[by] = (retained[by] ?? 0) + (retained[node] ?? 0);
    nexts[node] = firsts[by] ?? 0;
    firsts[by] = node;
    if (node % STEPS === 0) yield;
  }

  const whole = retained[0] ?? 0;
  const roles = types.map(({ name }) => roleOf(name));
  const typeOf = (node: number): number => graph.types[order[node] ?? 0] ?? 0;
  const isHolder = (node: number): boolean => (retained[node] ?? 0) >= whole * HOLDER;
  /** @param above the owner of what dominates the node; 0: nobody */
  const ownerOf = (node: number, above: number): number => {
    const aboveRole = above === 0 ? undefined : roles[typeOf(above)];
    switch (roles[typeOf(node)]) {
      case 'class':
        return aboveRole === 'class' && !isHolder(above) ? above : node;
      case 'function':
        return isHolder(node) ? 0 : node;
      case 'built in':
        return above === 0 || (aboveRole === 'built in' && isHolder(above)) ? node : above;
      default:
        return above;
    }
  };
  const owners = new Uint32Array(count);
  const owned = new Float64Array(types.length);
  const sums = new Float64Array(types.length);
  /** How many of a type dominate the node that is looked at. */
  const around = new Uint32Array(types.length);
  const add = (to: Float64Array | Uint32Array, type: number, amount: number): void => {
    to[type] = (to[type] ?? 0) + amount;
  };
  for (let node = 0, step = 1; ; step += 1) {
    if (around[typeOf(node)] === 0) add(sums, typeOf(node), retained[node] ?? 0);
    add(around, typeOf(node), 1);
    const owner = ownerOf(node, owners[dominators[node] ?? 0] ?? 0);
    owners[node] = owner;
    add(owned, typeOf(owner === 0 ? node : owner), graph.sizes[order[node] ?? 0] ?? 0);
    let next = firsts[node] ?? 0;
    while (next === 0 && node !== 0) {
      add(around, typeOf(node), -1);
      next = nexts[node] ?? 0;
      node = dominators[node] ?? 0;
    }
    if (next === 0) break;
    node = next;
    if (step % STEPS === 0) yield;
  }

  // Of V8's own nothing is told.
  const found = types.flatMap((type, place) => {
    const retainedBytes = sums[place] ?? 0;
    const rank = roles[place] === 'content' ? type.ownBytes : retainedBytes;
    return SYSTEM.test(type.name) ? [] : [{ type: { ...type, retainedBytes }, rank, owned: owned[place] ?? 0 }];
  });
  const most = found.reduce((sum, each) => Math.max(sum, each.owned), 0);
  return found
    .sort((one, other) => Number(other.owned === most) - Number(one.owned === most) || other.rank - one.rank)
    .map(({ type }) => type);
}

function roleOf(name: string): 'content' | 'function' | 'built in' | 'class' {
  if (name.startsWith('(') || SYSTEM.test(name)) return 'content';
  if (name.endsWith('()')) return 'function';
  return Reflect.has(globalThis, name) ? 'built in' : 'class';
}
