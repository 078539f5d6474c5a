import { readFileSync, statSync } from 'node:fs';
import { type Options, section } from '../../command';
import { OTHERS } from '../../flags';
import { integer, type Kind } from '../../kinds';
import { RLIMIT } from './rlimits';

const { flag, valued } = section('Settings of COMMAND (default: what memcage has)');

/** Above it Node takes no id. */
const MOST_ID = 2 ** 31 - 1;

const ID = integer(0, MOST_ID);

/** @param command prints the id of a name */
function id(command: (name: string) => string): Kind<number> {
  return { ...ID, meant: (word) => (/^[a-z_][\w-]*$/i.test(word) ? `$(${command(word)})` : undefined) };
}

const UID = id((name) => `id -u ${name}`);
const GID = id((name) => `getent group ${name} | cut -d: -f3`);

const CAPABILITIES: Kind<readonly string[]> = {
  value: 'LIST',
  takes: 'a list as in kill,net_bind_service, or none',
  suggest: ['none'],
  read: (word) => (word === 'none' || word === '' ? [] : word.split(',')),
};

const SECCOMP: Kind<Uint8Array | 'default'> = {
  value: 'FILE',
  takes: `default, or ${OTHERS['a seccomp filter']}`,
  suggest: 'file',
  read(word) {
    if (word === 'default') return word;
    const found = statSync(word, { throwIfNoEntry: false });
    if (found !== undefined && !found.isDirectory()) return readFileSync(word);
    const why = found === undefined ? 'there is no such file' : 'it is a directory';
    throw new Error(`${why}. Cure: give 'default', or ${OTHERS['a seccomp filter']}`);
  },
};

/** What COMMAND does to itself before it runs. */
export const SETTINGS = {
  rlimit: valued(
    RLIMIT,
    'limit of a resource, for each of its processes: nofile=64, fsize=1M:2M (soft:hard), core=max; the names are those ' +
      'of getrlimit(2) in lower case',
    { multiple: true, sets: 'rlimits' },
  ),
  'oom-score-adj': valued(integer(-1000, 1000), '-1000 to 1000: how likely the OOM killer is to choose it', {
    sets: 'oomScoreAdj',
  }),
  nice: valued(integer(-20, 19), '-20 (most processor time) to 19 (least)', { sets: 'nice' }),
  uid: valued(UID, 'its user', { sets: 'uid' }),
  gid: valued(GID, 'its group', { sets: 'gid' }),
  'no-new-privileges': flag('no set-user-ID program gives it more rights', { sets: 'privileges.noNewPrivileges' }),
  capabilities: valued(CAPABILITIES, 'the capabilities that it keeps, as in kill,net_bind_service, or none', {
    sets: 'privileges.capabilities',
  }),
  seccomp: valued(
    SECCOMP,
    "a seccomp filter: 'default', or a file of struct sock_filter, as bwrap and libseccomp write it",
    { sets: 'privileges.seccomp' },
  ),
} as const satisfies Options;
