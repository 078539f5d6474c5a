import { NODE_OPTIONS, type NodeFunctionName } from './node-options';
import { refuseSlips, refuseUnknown, withInherited } from './option-names';

/** A function of memcage that starts a child, and what it takes for an option. */
export interface Called {
  /** As its caller writes it. */
  readonly of: string;
  /**
   * The options, with those of memcage that they inherit. Node's functions take no notice of Node's.
   *
   * @throws TypeError for a name that is not an option's
   */
  read<O extends object>(options: O): O;
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
    [
      'mem',
      'max',
      'limit',
      'limits',
      'mb',
      'mib',
      'bytes',
      'limitmb',
      'limitinmb',
      'limitbytes',
      'limitinbytes',
    ].flatMap((word) => [
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
  return reading(of, node, [...CAGE_OPTIONS, ...more]);
}

/** The same of a cage's function: where the child is to live is known. */
export function strictMember(of: string, node: NodeFunctionName, more: readonly string[] = []): Called {
  const own = CAGE_OPTIONS.filter((name) => name !== 'cage' && name !== 'parent');
  return reading(of, node, [...own, ...more]);
}

function reading(of: string, node: NodeFunctionName, ours: readonly string[]): Called {
  const known: string[] = [...ours, ...NODE_OPTIONS[node]];
  return {
    of,
    read: (options) => {
      refuseUnknown(options, { of, known, aliases: ALIASES });
      return withInherited(options, ours);
    },
  };
}

/** Whose options were read before. */
export function alreadyRead({ of }: Pick<Called, 'of'>): Called {
  return { of, read: (options) => options };
}

/** One that takes the place of Node's: libraries give it fields of their own, so that only a likely slip is refused. */
export function lenient(of: NodeFunctionName): Called {
  const names = { of, known: CAGE_OPTIONS, aliases: ALIASES };
  return {
    of,
    read: (options) => {
      refuseSlips(options, NODE_OPTIONS[of], names);
      return withInherited(options, CAGE_OPTIONS);
    },
  };
}
