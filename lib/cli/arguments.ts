import { parseArgs } from 'node:util';
import type { MemoryLimits } from '../../types/options';
import { parseRun, type RunCommand } from './run-arguments';

export const USAGE = `Usage: memcage run [OPTION]... [--] COMMAND [ARG]...
   or: memcage stat [--json] [CGROUP|PID|CONTAINER]
   or: memcage limit [OPTION]... CGROUP|PID|CONTAINER
   or: memcage kill CGROUP|PID|CONTAINER
   or: memcage doctor [--json]

run: run COMMAND in a memory cage: a cgroup with a memory limit, and Linux namespaces of its own.

Memory (sizes: bytes, or with K, M, G, T):
  -m, --memory SIZE    hard limit; the kernel kills what goes beyond it
      --swap SIZE      swap on top of it (default 0)
      --high SIZE      throttle and reclaim above it (cgroup v2)
      --oom-group      an OOM kill takes all of the cage (cgroup v2)
      --node-heap HEAP limit of a Node program's JavaScript heap: a size, or 'off' (default: below --memory, for what is
                       called node), or 'auto' (the same, for whatever COMMAND is)

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

stat shows the memory of a cgroup and its processes: of one by its path, of a process's by its pid, of a container's by its id or
name, of a systemd unit's by its name; without any, of its own.

limit changes the limits of one: --max (-m), --swap, --high, --low, --min SIZE; 'max' is no limit. Prints those in force then.

kill ends all processes in one, and in those below it.

doctor tells what this machine has for cages, what is in the way, and the cure; exit code 0 when they work here.

Exit code of run: COMMAND's own, or 128 + N when signal N ended it; 125 when memcage failed, 126 when COMMAND can't be run, 127
when it was not found.
`;

interface DoctorCommand {
  kind: 'doctor';
  json: boolean;
}

export interface StatCommand {
  kind: 'stat';
  /** See {@link findTarget}. */
  target: string | undefined;
  json: boolean;
}

export interface LimitCommand {
  kind: 'limit';
  target: string;
  memory: MemoryLimits;
}

export interface KillCommand {
  kind: 'kill';
  target: string;
}

export type Command =
  | RunCommand
  | DoctorCommand
  | StatCommand
  | LimitCommand
  | KillCommand
  | { kind: 'help' }
  | { kind: 'version' }
  | { kind: 'wrong'; message: string };

const HELP = { help: { type: 'boolean', short: 'h' } } as const;

/** Those that take at most one cgroup. In the form that util.parseArgs takes. */
export const TARGET_OPTIONS = {
  stat: { json: { type: 'boolean' }, ...HELP },
  limit: {
    max: { type: 'string', short: 'm' },
    swap: { type: 'string' },
    high: { type: 'string' },
    low: { type: 'string' },
    min: { type: 'string' },
    ...HELP,
  },
  kill: HELP,
} as const;

/** The command line after the name of the program. */
export function parseCommand(argv: readonly string[]): Command {
  const [name, ...rest] = argv;
  if (name === '--version') return { kind: 'version' };
  if (name === '--help' || name === '-h' || name === 'help') return { kind: 'help' };
  if (name === undefined) return { kind: 'wrong', message: 'no command was given' };
  if (name === 'doctor') return parseDoctor(rest);
  if (Object.hasOwn(TARGET_OPTIONS, name)) return parseTargeted(name as keyof typeof TARGET_OPTIONS, rest);
  if (name !== 'run') return { kind: 'wrong', message: `unknown command '${name}'` };
  return parseRun(rest);
}

function parseDoctor(words: readonly string[]): Command {
  const unknown = words.find((word) => !['--json', '--help', '-h'].includes(word));
  if (unknown !== undefined) return { kind: 'wrong', message: `doctor takes no '${unknown}'` };
  if (words.some((word) => word !== '--json')) return { kind: 'help' };
  return { kind: 'doctor', json: words.length > 0 };
}

function parseTargeted(name: keyof typeof TARGET_OPTIONS, words: readonly string[]): Command {
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    const options = TARGET_OPTIONS[name];
    parsed = parseArgs({ args: [...words], options, strict: true, allowPositionals: true });
  } catch (error) {
    return { kind: 'wrong', message: (error as Error).message };
  }
  const { help, json, ...memory } = parsed.values;
  if (help === true) return { kind: 'help' };
  const [target, surplus] = parsed.positionals;
  if (surplus !== undefined) return { kind: 'wrong', message: `${name} takes one cgroup, not '${surplus}' as well` };
  if (name === 'stat') return { kind: 'stat', target, json: json === true };
  // What changes or ends something does not guess what.
  if (target === undefined) return { kind: 'wrong', message: `${name} needs a cgroup` };
  if (name === 'kill') return { kind: 'kill', target };
  if (Object.keys(memory).length === 0) return { kind: 'wrong', message: 'limit needs a limit' };
  return { kind: 'limit', target, memory: memory as MemoryLimits };
}
