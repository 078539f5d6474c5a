/** What it refers to: the number of the other node, and the kind of the edge, a property where nothing is said. */
type Edge = number | readonly [number, string];

/** A node: its kind, name, size, and edges. */
export type SnapshotNode = readonly [kind: string, name: string, bytes: number, ...edges: readonly Edge[]];

const EDGES = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak'];

/** A heap snapshot as V8 writes it. The first node is the root. */
export function heapSnapshot(nodes: readonly SnapshotNode[], header: object = {}): string {
  const kinds = [...new Set(nodes.map(([kind]) => kind))];
  const names = [...new Set(['<dummy>', ...nodes.map(([, name]) => name)])];
  const fields = ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness'];
  const edges = nodes.flatMap(([, , , ...all]) =>
    all.map((edge) => (typeof edge === 'number' ? [edge, 'property'] : edge)),
  );
  const meta = {
    ...{ node_fields: fields, node_types: [kinds, 'string', 'number', 'number', 'number', 'number'] },
    ...{ edge_fields: ['type', 'name_or_index', 'to_node'], edge_types: [EDGES, 'string_or_number', 'node'] },
  };
  const snapshot = { meta, node_count: nodes.length, edge_count: edges.length, ...header };
  const nodeLines = nodes.map(([kind, name, bytes, ...to], index) =>
    [kinds.indexOf(kind), names.indexOf(name), index * 2 + 1, bytes, to.length, 0].join(),
  );
  const edgeLines = edges.map(([to, kind]) => [EDGES.indexOf(String(kind)), 0, Number(to) * fields.length].join());
  return [
    `{"snapshot":${JSON.stringify(snapshot)},\n"nodes":[${nodeLines.join('\n,')}\n],\n"edges":[${edgeLines.join('\n,')}\n],\n`,
    `"trace_function_infos":[],"locations":[1,2,3\n],\n"strings":[${names.map((name) => JSON.stringify(name)).join(',\n')}]}`,
  ].join('');
}
