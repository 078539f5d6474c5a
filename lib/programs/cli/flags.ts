import type { MemcageError } from '../../index';

/** What the command line says, by what the library names: an option, or something else that it has no flag for. */
export type Flags = Readonly<Record<string, string>>;

const FLAGS: Flags = {
  cpu: '--cpu',
  cwd: '--cwd',
  keepDescendants: '--keep',
  'memory.high': '--high',
  'memory.low': '--low',
  'memory.max': '--memory',
  'memory.min': '--min',
  'memory.swap': '--swap',
  'namespaces.mount': '--mount',
  'namespaces.pid': '--pid',
  'namespaces.user': '--user',
  nice: '--nice',
  nodeHeap: '--node-heap',
  oomScoreAdj: '--oom-score-adj',
  'privileges.capabilities': '--keep-cap',
  'privileges.noNewPrivileges': '--no-new-privs',
  'privileges.seccomp': '--seccomp',
  'root.path': '--root',
  'root.readOnly': '--read-only and :ro',
  'root.tmpfs': 'a --tmpfs',
  'only in code': '',
  'the function': '',
};

const RLIMITS = 'rlimits.';

/**
 * The message of an error of the library, with flags instead of options.
 *
 * @param given the words for some of them, with their values: `--bind /data:/job` for `root.binds[0]`
 */
export function inFlags({ message, words = [message] }: Pick<MemcageError, 'message' | 'words'>, given: Flags): string {
  const told = words.map((part) => {
    if (typeof part === 'string') return part;
    const { name, value, text } = part;
    const [entry] = /^root\.\w+\[\d+\]/.exec(name) ?? [];
    if (entry !== undefined) return given[entry] ?? text;
    if (name.startsWith(RLIMITS) && value === undefined) return `--rlimit ${name.slice(RLIMITS.length)}`;
    const flag = FLAGS[name];
    return given[name] ?? (flag === undefined || value === undefined ? (flag ?? text) : `${flag} ${value}`);
  });
  return told.join('');
}
