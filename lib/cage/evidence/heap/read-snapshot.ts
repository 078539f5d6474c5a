import type { HeapGraph } from './dominators';
import { JsonLists } from './json-lists';
import type { HeapType } from './messages';

/** More names of types than that are told together. */
const MOST_NAMES = 100_000;
/** Of the graph, and of all that is worked out from it. */
const BYTES_PER_NODE = 68;
const BYTES_PER_EDGE = 8;

/** Kinds whose nodes are named by the type itself, or by the function. The others are all of one type. */
const NAMED: ReadonlySet<string> = new Set(['object', 'native', 'closure']);
const SYSTEM: ReadonlySet<string> = new Set(['hidden', 'synthetic', 'object shape']);

interface Header {
  node_count: number;
  edge_count: number;
  meta: { node_fields: string[]; node_types: [string[]]; edge_fields: string[]; edge_types: [string[]] };
}

/**
 * Reads a heap snapshot from one end to the other.
 *
 * @param mayTake whether so many bytes may be taken for the graph, and what is worked out from it
 * @returns the types with their own sizes, and the graph, if it may be taken
 * @throws if it is no heap snapshot
 * @see https://github.com/v8/v8/blob/main/src/profiler/heap-snapshot-generator.cc
 */
export async function readSnapshot(chunks: AsyncIterable<Buffer>, mayTake: (bytes: number) => boolean) {
  const lists = new JsonLists(chunks[Symbol.asyncIterator]());
  const header = (await lists.skip('"nodes":[')).replace(/,\s*$/, '}');
  const { meta, node_count: nodes, edge_count: edges } = (JSON.parse(header) as { snapshot: Header }).snapshot;
  let graph: HeapGraph | undefined;
  if (mayTake(nodes * BYTES_PER_NODE + edges * BYTES_PER_EDGE)) {
    graph = {
      ...{ sizes: new Float64Array(nodes), types: new Uint32Array(nodes) },
      ...{ firstEdges: new Uint32Array(nodes + 1), targets: new Uint32Array(edges) },
    };
  }
  const types: HeapType[] = [];
  /** The place in the list. Of a kind, or of twice a name, and one more of a function. */
  const places = new Map<string | number, number>();
  const [kinds] = meta.node_types;
  const [kindAt, nameAt] = [placeIn(meta.node_fields, 'type'), placeIn(meta.node_fields, 'name')];
  const [sizeAt, countAt] = [placeIn(meta.node_fields, 'self_size'), placeIn(meta.node_fields, 'edge_count')];
  let node = 0;
  await lists.records(meta.node_fields.length, (numbers) => {
    const kind = kinds[numbers[kindAt] ?? -1] ?? 'unknown';
    const isFunction = kind === 'closure';
    const named = (numbers[nameAt] ?? 0) * 2 + Number(isFunction);
    const isNamed = NAMED.has(kind) && (places.has(named) || types.length < MOST_NAMES);
    const key = isNamed ? named : toldAs(kind);
    const place = places.get(key) ?? types.length;
    places.set(key, place);
    const name = isFunction ? '()' : '';
    types[place] ??= { name: isNamed ? name : String(key), count: 0, ownBytes: 0, retainedBytes: null };
    const bytes = numbers[sizeAt] ?? 0;
    types[place].count += 1;
    types[place].ownBytes += bytes;
    if (graph !== undefined) {
      graph.sizes[node] = bytes;
      graph.types[node] = place;
      graph.firstEdges[node + 1] = numbers[countAt] ?? 0;
    }
    node += 1;
  });
  await lists.skip('"edges":[');
  if (graph !== undefined) await readEdges(lists, meta, graph);
  await lists.skip('"strings":[');
  const isWanted = (name: number): boolean => places.has(name * 2) || places.has(name * 2 + 1);
  await lists.strings(isWanted, (index, text) => {
    for (const place of [places.get(index * 2), places.get(index * 2 + 1)]) {
      const type = types[place ?? -1];
      if (type !== undefined) type.name = `${text || 'anonymous'}${type.name}`;
    }
  });
  return { types, graph };
}

/** Only of what keeps an object alive, as the DevTools of Chromium see it. */
async function readEdges(lists: JsonLists, meta: Header['meta'], { firstEdges, targets }: HeapGraph): Promise<void> {
  const [kinds] = meta.edge_types;
  const [kindAt, targetAt] = [placeIn(meta.edge_fields, 'type'), placeIn(meta.edge_fields, 'to_node')];
  const nodes = firstEdges.length - 1;
  let source = -1;
  let left = 0;
  let kept = 0;
  /** What the edge before was to, if that one is weak. */
  let weakTarget = -1;
  await lists.records(meta.edge_fields.length, (numbers) => {
    while (left === 0) {
      source += 1;
      if (source >= nodes) throw new Error('it is not whole');
      left = firstEdges[source + 1] ?? 0;
      firstEdges[source + 1] = kept;
      weakTarget = -1;
    }
    left -= 1;
    const kind = kinds[numbers[kindAt] ?? -1];
    const target = (numbers[targetAt] ?? 0) / meta.node_fields.length;
    // In a WeakMap it is the key that keeps the value alive. The table has such an edge too, after a weak one.
    const isOfKey = kind === 'internal' && target === weakTarget;
    weakTarget = kind === 'weak' ? target : -1;
    if (kind === 'weak' || isOfKey || (kind === 'shortcut' && source > 0) || target === source) return;
    // A snapshot is what the process has sent.
    if (target >= nodes) return;
    targets[kept++] = target;
    firstEdges[source + 1] = kept;
  });
  // Of nodes after the last one that has edges.
  firstEdges.fill(kept, source + 2);
}

function placeIn(fields: readonly string[], name: string): number {
  if (!fields.includes(name)) throw new Error('V8 has another format of heap snapshots now');
  return fields.indexOf(name);
}

function toldAs(kind: string): string {
  if (SYSTEM.has(kind)) return '(system)';
  return kind.endsWith('string') ? '(string)' : `(${kind === 'code' ? 'compiled code' : kind})`;
}
