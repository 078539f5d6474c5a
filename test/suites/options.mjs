import { parseArgs } from 'node:util';
import { recipes } from './recipes/index.mjs';

const NODES = ['20', '22', '24', '26'];

/** The two ways in which a suite runs. */
const WAYS = ['stock', 'contained'];

/** What is to be run: suites, names of Nodes, ways; how often a difference is tried again. */
export function readOptions(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      node: { type: 'string', multiple: true, default: NODES },
      stock: { type: 'boolean', default: false },
      contained: { type: 'boolean', default: false },
      again: { type: 'string', default: '5' },
    },
  });
  const known = Object.keys(recipes);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`There is no suite ${unknown}: choose from ${known.join(', ')}`);
  const wrong = values.node.find((name) => !NODES.includes(name));
  if (wrong !== undefined) throw new Error(`There is no Node ${wrong} here: choose from ${NODES.join(', ')}`);
  const again = Number(values.again);
  if (!Number.isInteger(again) || again < 1) throw new Error(`--again takes a number from 1, not ${values.again}`);
  return {
    suites: positionals.length > 0 ? positionals : known.filter((name) => !recipes[name].isPlanted),
    nodes: values.node,
    // One of the two alone is compared with what the other one gave when it ran last.
    ways: WAYS.filter((way) => values[way] || values.stock === values.contained),
    again,
  };
}
