import { NODE_OPTIONS, type NodeFunctionName } from './node-options';
import { refuseSlips, refuseUnknown } from './option-names';

/** A function of memcage that starts a child, and what it takes for an option. */
export interface Called {
  /** As its caller writes it. */
  readonly of: string;
  /** @throws TypeError for a name that is not an option's */
  refuseUnknown(options: object): void;
}

/** Of `CageOptions`. */
export const CAGE_OPTIONS = [
  'memory',
  'cage',
  'namespaces',
  'parent',
  'keepDescendants',
  'nodeHeap',
  'memoryDetails',
] as const;

/** What other programs call them, in lower case and without separators. */
export const ALIASES = {
  ...Object.fromEntries(
    ['mem', 'max', 'limit', 'mb', 'bytes', 'limitmb', 'limitbytes', 'limitinbytes'].flatMap((word) => [
      [`memory${word}`, 'memory'],
      [`mem${word}`, 'memory'],
      [`${word}memory`, 'memory'],
      [`${word}mem`, 'memory'],
    ]),
  ),
  mem: 'memory',
  maxmemorymb: 'memory',
  maxmemorybytes: 'memory',
  ns: 'namespaces',
  heaplimit: 'nodeHeap',
  maxheap: 'nodeHeap',
  maxoldspacesize: 'nodeHeap',
  keepchildren: 'keepDescendants',
} as const;

/** A function that refuses every name that neither memcage nor that function of Node knows. */
export function strict(of: string, node: NodeFunctionName, more: readonly string[] = []): Called {
  const known: string[] = [...CAGE_OPTIONS, ...more, ...NODE_OPTIONS[node]];
  return { of, refuseUnknown: (options) => refuseUnknown(options, { of, known, aliases: ALIASES }) };
}

/** One that takes the place of Node's: libraries give it fields of their own, so that only a likely slip is refused. */
export function lenient(of: NodeFunctionName): Called {
  const names = { of, known: CAGE_OPTIONS, aliases: ALIASES };
  return { of, refuseUnknown: (options) => refuseSlips(options, NODE_OPTIONS[of], names) };
}
