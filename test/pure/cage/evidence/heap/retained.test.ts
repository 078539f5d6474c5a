import { Readable } from 'node:stream';
import { readSnapshot } from '../../../../../lib/cage/evidence/heap/read-snapshot';
import { retainedTypes } from '../../../../../lib/cage/evidence/heap/retained';
import { heapSnapshot, type SnapshotNode } from '../../../../support/evidence/heap-snapshots';
import { testRows } from '../../../../support/rows';

async function typesIn(nodes: readonly SnapshotNode[]) {
  const chunks = Readable.from([Buffer.from(heapSnapshot(nodes))]);
  const { types, graph } = await readSnapshot(chunks, () => true);
  const steps = graph && retainedTypes(graph, types);
  for (;;) {
    const step = steps?.next();
    if (step?.done === true) return step.value;
  }
}

const ROOT = ['synthetic', '(root)', 0, 1] as const;
const SCOPE = ['object', 'system / Context', 40, 3] as const;
const COUNT = 30;

/** COUNT nodes from that one on, and for each another from COUNT later on. */
const many = (from: number, one: SnapshotNode, other: SnapshotNode): SnapshotNode[] => [
  ...Array.from({ length: COUNT }, (_, index): SnapshotNode => [...one, from + COUNT + index]),
  ...Array.from({ length: COUNT }, () => other),
];
const numbers = (from: number): number[] => Array.from({ length: COUNT }, (_, index) => from + index);

test('a type retains what its outermost objects do, and is told with its own size', async () => {
  const types = await typesIn([
    ['synthetic', '(root)', 0, 1, 4],
    ['object', 'Tree', 10, 2, 3],
    ['object', 'Tree', 10],
    ['object', 'Leaf', 5, 5],
    ['object', 'Other', 1, 5, 6],
    ['string', 'of both', 7],
    ['string', 'of one', 90],
  ]);
  expect(types).toEqual([
    { name: 'Other', count: 1, ownBytes: 1, retainedBytes: 91 },
    { name: '(string)', count: 2, ownBytes: 97, retainedBytes: 97 },
    { name: 'Tree', count: 2, ownBytes: 20, retainedBytes: 25 },
    { name: 'Leaf', count: 1, ownBytes: 5, retainedBytes: 5 },
  ]);
});

testRows(
  'the first type is what a reader looks for',
  [
    [
      'objects in an Array of a module',
      [
        ROOT,
        ['closure', 'tick', 60, 2],
        SCOPE,
        ['object', 'Array', 16, ...numbers(4)],
        ...many(4, ['object', 'Leaked', 50], ['string', '', 900]),
      ],
      'Leaked',
    ],
    [
      'plain objects',
      [
        ROOT,
        ['object', 'Timeout', 60, 2],
        ['closure', 'tick', 60, 3],
        ['object', 'Array', 16, ...numbers(4)],
        ...many(4, ['object', 'Object', 50], ['string', '', 900]),
      ],
      'Object',
    ],
    [
      'Buffers in an Array of the global object, as Node 26 names it',
      [
        ROOT,
        ['object', 'global (global*)', 60, 2],
        ['object', 'Array', 16, ...numbers(3)],
        ...many(3, ['object', 'Buffer', 90], ['object', 'ArrayBuffer', 900]),
      ],
      'Buffer',
    ],
    [
      'a Map of Buffers in a scope',
      [
        ROOT,
        ['closure', 'tick', 60, 2],
        SCOPE,
        ['object', 'Map', 32, ...numbers(4)],
        ...many(4, ['object', 'Buffer', 90], ['object', 'ArrayBuffer', 900]),
      ],
      'Buffer',
    ],
    [
      'strings in the Map of a class',
      [
        ROOT,
        ['object', 'Timeout', 60, 2],
        ['object', 'Cache', 40, 3],
        ['object', 'Map', 32, ...numbers(4)],
        ...many(4, ['string', '', 90], ['string', '', 900]),
      ],
      'Cache',
    ],
    [
      'listeners that keep their scopes',
      [
        ROOT,
        ['object', 'EventEmitter', 60, 2],
        ['object', 'Object', 40, 3],
        ['object', 'Array', 32, ...numbers(4)],
        ...many(4, ['closure', 'onData', 60], ['object', 'Array', 900]),
      ],
      'onData()',
    ],
    [
      'objects that have others of a class',
      [
        ROOT,
        ['closure', 'tick', 60, 2],
        SCOPE,
        ['object', 'Map', 32, ...numbers(4)],
        ...many(4, ['object', 'Session', 50], ['object', 'Cart', 900]),
      ],
      'Session',
    ],
    ['a string of nobody', [ROOT, ['closure', 'tick', 60, 2], SCOPE, ['string', '', 9000]], '(string)'],
  ] as const,
  async ([, nodes, first]) => {
    const [largest] = await typesIn(nodes);
    expect(largest?.name).toBe(first);
  },
  { name: ([name]) => name },
);
