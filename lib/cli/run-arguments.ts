import { parseArgs } from 'node:util';
import type { MemoryLimits, NamespaceOptions, NodeHeapOption } from '../../types/options';
import type { Command } from './arguments';

export interface RunCommand {
  kind: 'run';
  file: string;
  args: string[];
  memory: MemoryLimits;
  namespaces: NamespaceOptions;
  nodeHeap: NodeHeapOption | undefined;
  parent: string | undefined;
  keepDescendants: boolean;
  json: string | undefined;
}

/** In the form that util.parseArgs takes. */
export const OPTIONS = {
  memory: { type: 'string', short: 'm' },
  swap: { type: 'string' },
  high: { type: 'string' },
  'oom-group': { type: 'boolean' },
  'node-heap': { type: 'string' },
  uts: { type: 'boolean' },
  hostname: { type: 'string' },
  mount: { type: 'boolean' },
  pid: { type: 'boolean' },
  ipc: { type: 'boolean' },
  net: { type: 'boolean' },
  cgroup: { type: 'boolean' },
  time: { type: 'boolean' },
  user: { type: 'boolean' },
  parent: { type: 'string' },
  keep: { type: 'boolean' },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

const NAMESPACES = ['mount', 'pid', 'ipc', 'net', 'cgroup', 'time', 'user'] as const;

/** What follows `run`. */
export function parseRun(words: readonly string[]): Command {
  const [own, command] = splitAtCommand(words);
  let values: ReturnType<typeof parse>;
  try {
    values = parse(own);
  } catch (error) {
    return { kind: 'wrong', message: (error as Error).message };
  }
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const [file, ...args] = command;
  if (file === undefined) return { kind: 'wrong', message: 'no command was given' };
  return {
    kind: 'run',
    file,
    args,
    memory: memoryOf(values),
    namespaces: namespacesOf(values),
    nodeHeap: values['node-heap'] === 'off' ? false : values['node-heap'],
    parent: values.parent,
    keepDescendants: values.keep === true,
    json: values.json,
  };
}

function parse(args: string[]) {
  return parseArgs({ args, options: OPTIONS, strict: true, allowPositionals: false }).values;
}

/** Options end at the first word that is neither one nor the value of one: what follows belongs to the command. */
function splitAtCommand(words: readonly string[]): [own: string[], command: string[]] {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--') return [words.slice(0, index), words.slice(index + 1)];
    if (!word.startsWith('-') || word === '-') return [words.slice(0, index), words.slice(index)];
    if (takesNextWord(word)) index += 1;
  }
  return [[...words], []];
}

function takesNextWord(word: string): boolean {
  if (word === '-m') return true;
  const option = Object.entries(OPTIONS).find(([name]) => word === `--${name}`)?.[1];
  return option?.type === 'string';
}

type Values = ReturnType<typeof parse>;

function memoryOf({ memory, swap, high, 'oom-group': oomGroup }: Values): MemoryLimits {
  return {
    ...(memory !== undefined && { max: memory }),
    ...(swap !== undefined && { swap }),
    ...(high !== undefined && { high }),
    ...(oomGroup !== undefined && { oomGroup }),
  };
}

function namespacesOf(values: Values): NamespaceOptions {
  const namespaces: NamespaceOptions = {};
  for (const kind of NAMESPACES) if (values[kind]) namespaces[kind] = true;
  if (values.hostname !== undefined) namespaces.uts = { hostname: values.hostname };
  else if (values.uts) namespaces.uts = true;
  return namespaces;
}
