import { dominatorsOf } from '../../../../../lib/cage/evidence/heap/dominators';
import { testRows } from '../../../../support/rows';

type Edges = readonly (readonly number[])[];

/** By node; undefined: it can't be reached. */
function dominators(edges: Edges): (number | undefined)[] {
  const firstEdges = new Uint32Array(edges.length + 1);
  for (const [node, { length }] of edges.entries()) firstEdges[node + 1] = (firstEdges[node] ?? 0) + length;
  const steps = dominatorsOf({ firstEdges, targets: Uint32Array.from(edges.flat()) });
  for (;;) {
    const { done, value } = steps.next();
    if (done !== true) continue;
    const found = new Map(
      Array.from(value.order, (node, number) => [node, value.order[value.dominators[number] ?? 0]]),
    );
    return edges.map((_, node) => found.get(node));
  }
}

/** The nodes that can be reached without one. */
function reached(edges: Edges, without = -1): Set<number> {
  const seen = new Set(without === 0 ? [] : [0]);
  for (const node of seen) for (const to of edges[node] ?? []) if (to !== without) seen.add(to);
  return seen;
}

/** What can't be reached without a node is dominated by it; the next one of these is dominated by all others. */
function byDefinition(edges: Edges): (number | undefined)[] {
  const all = reached(edges);
  const below = edges.map((_, node) => reached(edges, node));
  return edges.map((_, node) => {
    if (!all.has(node)) return undefined;
    const strict = edges.flatMap((__, other) =>
      other !== node && all.has(other) && !below[other]?.has(node) ? [other] : [],
    );
    return strict.reduce((next, other) => (below[next]?.has(other) ? next : other), 0);
  });
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

testRows(
  'each node has its dominator',
  [
    ['one', [[]], [0]],
    ['a chain', [[1], [2], []], [0, 0, 1]],
    ['a diamond', [[1, 2], [3], [3], []], [0, 0, 0, 0]],
    ['a diamond below', [[1], [2, 3], [4], [4], [5], []], [0, 0, 1, 1, 1, 4]],
    ['a cycle', [[1], [2], [3], [1, 4], []], [0, 0, 1, 2, 3]],
    ['a cycle with two ways in', [[1, 2], [2], [1]], [0, 0, 0]],
    [
      'to itself and to the root',
      [
        [0, 1],
        [1, 0],
      ],
      [0, 0],
    ],
    ['what nothing reaches', [[1], [], [1, 3], [2]], [0, 0, undefined, undefined]],
    [
      "that of Lengauer and Tarjan's paper",
      [[1, 2, 3], [4], [1, 4, 5], [6, 7], [12], [8], [9], [9, 10], [5, 11], [11], [9], [9, 0], [8]],
      [0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 7, 0, 4],
    ],
  ] as const,
  ([, edges, expected]) => {
    expect(dominators(edges)).toEqual(expected);
    expect(byDefinition(edges)).toEqual(expected);
  },
  { name: ([name]) => name },
);

test('as in its definition, of any graph', () => {
  const next = random(38);
  for (let round = 0; round < 2000; round += 1) {
    const size = 1 + Math.floor(next() * 24);
    const density = next() * 3;
    const edges = Array.from({ length: size }, () =>
      Array.from({ length: Math.floor(next() * density * 2) }, () => Math.floor(next() * size)),
    );
    expect({ edges, found: dominators(edges) }).toEqual({ edges, found: byDefinition(edges) });
  }
});

test('two long lists that refer to each other take little more time than their size, and no stack', () => {
  const length = 200_000;
  const edges = Array.from({ length: 2 * length }, (_, node) =>
    node < length ? [Math.min(node + 1, length - 1), node + length] : [Math.min(node + 1, 2 * length - 1)],
  );
  const found = dominators(edges);
  expect([found[length - 1], found[length], found[length + 1], found[2 * length - 1]]).toEqual([length - 2, 0, 0, 0]);
});
