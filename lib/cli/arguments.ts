import { parseArgs } from 'node:util';
import type { MemoryLimits, NamespaceOptions } from '../../types/options';

export const USAGE = `Usage: memcage run [OPTION]... [--] COMMAND [ARG]...

Run COMMAND in a memory cage: a cgroup with a memory limit, and Linux namespaces of its own.

Memory (sizes: bytes, or with K, M, G, T):
  -m, --memory SIZE    hard limit; the kernel kills what goes beyond it
      --swap SIZE      swap on top of it (default 0)
      --high SIZE      throttle and reclaim above it (cgroup v2)
      --oom-group      an OOM kill takes all of the cage (cgroup v2)

Namespaces:
      --uts            host name; with --hostname NAME a new one
      --mount          mounts
      --pid            process ids: COMMAND is pid 1
      --ipc --net --cgroup --time --user

Other:
      --parent PATH    memory cgroup to make the cage in
      --keep           wait for what COMMAND leaves running, instead of killing it
      --json FILE      write the outcome to FILE as JSON
  -h, --help           this text
      --version        the version of memcage

Exit code: COMMAND's own, or 128 + N when signal N ended it; 125 when memcage failed, 126 when COMMAND can't be run, 127
when it was not found.
`;

export interface RunCommand {
  kind: 'run';
  file: string;
  args: string[];
  memory: MemoryLimits;
  namespaces: NamespaceOptions;
  parent: string | undefined;
  keepDescendants: boolean;
  json: string | undefined;
}

export type Command = RunCommand | { kind: 'help' } | { kind: 'version' } | { kind: 'wrong'; message: string };

/** In the form that util.parseArgs takes. */
export const OPTIONS = {
  memory: { type: 'string', short: 'm' },
  swap: { type: 'string' },
  high: { type: 'string' },
  'oom-group': { type: 'boolean' },
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

/** The command line after the name of the program. */
export function parseCommand(argv: readonly string[]): Command {
  const [name, ...rest] = argv;
  if (name === '--version') return { kind: 'version' };
  if (name === '--help' || name === '-h' || name === 'help') return { kind: 'help' };
  if (name === undefined) return { kind: 'wrong', message: 'no command was given' };
  if (name !== 'run') return { kind: 'wrong', message: `unknown command '${name}'` };
  const [own, command] = splitAtCommand(rest);
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
