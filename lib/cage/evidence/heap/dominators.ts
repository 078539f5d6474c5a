/** A heap snapshot, as far as sizes need it. Node 0 is the root. */
export interface HeapGraph {
  /** By node: its first edge. One more than there are nodes. */
  firstEdges: Uint32Array;
  targets: Uint32Array;
  sizes: Float64Array;
  /** By node: the place in the list of types. */
  types: Uint32Array;
}

type Edges = Pick<HeapGraph, 'firstEdges' | 'targets'>;

/** Between two pauses: some milliseconds. */
export const STEPS = 2 ** 16;

/**
 * What is on each way from the root to a node, and next to it. Iteration would be shorter, but takes two long lists that refer to
 * each other the square of their length.
 *
 * @returns `order`: the nodes that were reached. Their places in it are their numbers; `dominators` are by number, and smaller ones
 * @see Lengauer and Tarjan, A fast algorithm for finding dominators in a flowgraph (1979), without balanced trees
 */
export function* dominatorsOf(graph: Edges): Generator<void, { order: Uint32Array; dominators: Uint32Array }> {
  const { order, numbers, parents, ends } = yield* search(graph);
  const sources = yield* sourcesOf(graph, order, numbers, ends);
  const semi = order.map((_, node) => node);
  const best = semi.slice();
  // Before it has its dominator, a node has here the first one of those that it is the semidominator of, then the next of its own.
  const dominators = new Uint32Array(order.length);

  /** Of the nodes from this one up to the last linked one, that with the least semidominator. Halves the way for the next time. */
  const bestOf = (from: number, linked: number): number => {
    let found = from;
    for (let node = from; node >= linked; node = parents[node] ?? 0) {
      const above = parents[node] ?? 0;
      if (above >= linked) {
        if ((semi[best[above] ?? 0] ?? 0) < (semi[best[node] ?? 0] ?? 0)) best[node] = best[above] ?? 0;
        parents[node] = parents[above] ?? 0;
      }
      if ((semi[best[node] ?? 0] ?? 0) < (semi[found] ?? 0)) found = best[node] ?? 0;
    }
    return found;
  };

  for (let node = order.length - 1; node > 0; node -= 1) {
    let least = node;
    const end = ends[node + 1] ?? 0;
    for (let at = ends[node] ?? 0; at < end; at += 1) {
      least = Math.min(least, semi[bestOf(sources[at] ?? 0, node + 1)] ?? 0);
    }
    semi[node] = least;
    dominators[node] = dominators[least] ?? 0;
    dominators[least] = node;
    const parent = parents[node] ?? 0;
    let waits = dominators[parent] ?? 0;
    dominators[parent] = 0;
    while (waits !== 0) {
      const next = dominators[waits] ?? 0;
      const by = bestOf(waits, node);
      dominators[waits] = (semi[by] ?? 0) < parent ? by : parent;
      waits = next;
    }
    if (node % STEPS === 0) yield;
  }
  for (let node = 1; node < order.length; node += 1) {
    const by = dominators[node] ?? 0;
    if (by !== semi[node]) dominators[node] = dominators[by] ?? 0;
  }
  return { order, dominators };
}

/** Depth first. `numbers` are by node, 0 of what was not reached. `ends`: how many edges are to each number and those before. */
function* search({ firstEdges, targets }: Edges) {
  const order = new Uint32Array(firstEdges.length - 1);
  const numbers = new Uint32Array(order.length);
  const parents = new Uint32Array(order.length);
  const edges = new Uint32Array(order.length);
  const ends = new Uint32Array(order.length + 1);
  let reached = 1;
  for (let at = 0, step = 1; ; step += 1) {
    const edge = edges[at] ?? 0;
    if (edge < (firstEdges[(order[at] ?? 0) + 1] ?? 0)) {
      edges[at] = edge + 1;
      const node = targets[edge] ?? 0;
      let number = numbers[node] ?? 0;
      if (number === 0 && node !== 0) {
        number = reached++;
        order[number] = node;
        numbers[node] = number;
        parents[number] = at;
        edges[number] = firstEdges[node] ?? 0;
        at = number;
      }
      ends[number] = (ends[number] ?? 0) + 1;
    } else if (at === 0) break;
    else at = parents[at] ?? 0;
    if (step % STEPS === 0) yield;
  }
  for (let number = 1; number <= reached; number += 1) ends[number] = (ends[number] ?? 0) + (ends[number - 1] ?? 0);
  return { order: order.subarray(0, reached), numbers, parents, ends };
}

/** Who refers to each node, by their numbers. Leaves in `ends` where those of each begin. */
function* sourcesOf({ firstEdges, targets }: Edges, order: Uint32Array, numbers: Uint32Array, ends: Uint32Array) {
  const sources = new Uint32Array(targets.length);
  for (let source = 0; source < order.length; source += 1) {
    const node = order[source] ?? 0;
    for (let edge = firstEdges[node] ?? 0; edge < (firstEdges[node + 1] ?? 0); edge += 1) {
      const target = numbers[targets[edge] ?? 0] ?? 0;
      ends[target] = (ends[target] ?? 0) - 1;
      sources[ends[target] ?? 0] = source;
    }
    if (source % STEPS === 0) yield;
  }
  return sources;
}
