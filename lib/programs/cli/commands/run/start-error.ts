import type { RootOptions, RootTmpfs } from '../../../../index';
import { FAILED } from '../../command';
import { complain } from '../../text/output';

const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** The machine is short of something, which says nothing about the command. */
const SHORTAGES: ReadonlySet<unknown> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

/** Says why a command was not started, and returns the exit code. env(1), timeout(1) and docker run have the same three. */
export function reportStartError(
  file: string,
  error: NodeJS.ErrnoException = new Error('it could not be started'),
  root?: RootOptions,
): number {
  const { code, syscall, message } = error;
  const ours = code?.startsWith('ERR_') ?? true;
  complain(ours ? inFlags(error, root) : `can't run '${file}': ${message}`);
  // `syscall` is 'spawn FILE' or 'spawn' in Node's error, and the system call in memcage's, which is in the outcome.
  const refused = (syscall?.startsWith('spawn') || syscall === 'execve') && !SHORTAGES.has(code);
  if (ours || !refused) return FAILED;
  return code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
}

/**
 * The message of an error of the library, in which the flags of the command line are named instead of options, and an entry of `root` by the
 * words that were given for it.
 */
export function inFlags({ message, option }: Error & { option?: string }, root: RootOptions = {}): string {
  const named =
    option !== undefined && option in FLAGS ? message.replace(`for ${option} `, `for ${FLAGS[option]} `) : message;
  const entries = named.replace(ENTRY, (_, list: string, index: string) => flagOf(root, list, Number(index)));
  return ELSEWHERE.reduce((text, [name, flag]) => text.replace(name, flag), entries);
}

/** Options whose names are words that a message may have elsewhere too. */
const FLAGS: Readonly<Record<string, string>> = {
  cwd: '--cwd',
  keepDescendants: '--keep',
  nice: '--nice',
  nodeHeap: '--node-heap',
  oomScoreAdj: '--oom-score-adj',
};

/** An entry of the option `root` as errors name it: `root.binds[1]: /data on /job`, or `root.tmpfs[0].size`. */
const ENTRY = /\broot\.(binds|tmpfs|hide)\[(\d+)\](?:\.\w+|: \/.*?(?= could not be ))?/g;

function flagOf({ binds, tmpfs, hide }: RootOptions, list: string, index: number): string {
  if (list === 'hide') return `--hide ${hide?.[index] ?? ''}`;
  if (list === 'tmpfs') {
    const { path, size } = (tmpfs?.[index] ?? {}) as Partial<RootTmpfs>;
    return `--tmpfs ${path ?? ''}${size === undefined ? '' : `:${size}`}`;
  }
  const { from, to, readOnly } = binds?.[index] ?? {};
  return `--bind ${from}:${to}${readOnly === true ? ':ro' : ''}`;
}

/** Names and cures that are about another option than that of the error, and what the command line can't say. */
const ELSEWHERE: readonly (readonly [name: RegExp | string, flag: string])[] = [
  [/\broot\.path\b(:(?= \/))?/g, '--root'],
  [/\brlimits\.(?=\w)/g, '--rlimit '],
  [/\bprivileges\.capabilities: none\b/g, '--drop-caps'],
  [/\bprivileges\.capabilities\b:?/g, '--keep-cap'],
  [/\bprivileges\.seccomp\b/g, '--seccomp'],
  [/\bprivileges\.noNew\b/g, '--no-new-privs'],
  ['a tmpfs of root.tmpfs', 'a --tmpfs'],
  ['leave out readOnly', 'leave out --read-only and :ro'],
  ['the option cwd', '--cwd'],
  ['namespaces.user', '--user'],
  ['namespaces: { pid: true }', '--pid'],
  ['namespaces: { user: true }', '--user'],
  [' of checkCageOptions', ''],
  [' (option root)', ''],
  [', or namespaces: { pid: false }', ''],
  [' (or process.chdir() to another one)', ''],
];
