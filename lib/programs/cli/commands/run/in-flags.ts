import type { RootOptions, RootTmpfs } from '../../../../index';

/** A message of the library with the names of the command line, and the words that were given there. */
export function inFlags(message: string, root: RootOptions = {}): string {
  return FLAGS.reduce(
    (text, [name, flag]) => text.replace(name, flag),
    message
      .replace(ENTRY, (_, list: string, index: string) => flagOf(root, list, Number(index)))
      .replace(/\broot\.path\b(:(?= \/))?/g, '--root'),
  );
}

/** As errors name an entry of the option `root`: `root.binds[1]: /data on /job`, or `root.tmpfs[0].size`. */
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

const FLAGS: readonly (readonly [name: RegExp | string, flag: string])[] = [
  [' of checkCageOptions', ''],
  [/\brlimits\.(?=\w)/g, '--rlimit '],
  ['for oomScoreAdj ', 'for --oom-score-adj '],
  [/\bprivileges\.capabilities: none\b/g, '--drop-caps'],
  ['for privileges.capabilities ', 'for --keep-cap '],
  [/\bprivileges\.capabilities: /g, '--keep-cap '],
  ['for privileges.seccomp ', 'for --seccomp '],
  [/\bprivileges\.noNew\b/g, '--no-new-privs'],
  ['for nice ', 'for --nice '],
  ['for nodeHeap ', 'for --node-heap '],
  ['for keepDescendants ', 'for --keep '],
  ['a tmpfs of root.tmpfs', 'a --tmpfs'],
  ['leave out readOnly', 'leave out --read-only and :ro'],
  [' (option root)', ''],
  ['the option cwd', '--cwd'],
  ['for cwd ', 'for --cwd '],
  ['namespaces.user', '--user'],
  ['namespaces: { pid: true }', '--pid'],
  ['namespaces: { user: true }', '--user'],
  // What the command line can't say.
  [', or namespaces: { pid: false }', ''],
  [' (or process.chdir() to another one)', ''],
];
