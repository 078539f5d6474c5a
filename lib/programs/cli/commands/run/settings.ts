import { readFileSync } from 'node:fs';
import type { ChildSettingsOptions, PrivilegeOptions, ResourceLimits } from '../../../../index';
import { type Options, section, type Values } from '../../command';
import { given, UsageError } from '../../usage';

const { flag, valued } = section('Settings of COMMAND');

/** What COMMAND does to itself before it runs. */
export const SETTINGS = {
  rlimit: valued(
    'NAME=LIMIT',
    'limit of a resource, for each of its processes: nofile=64, fsize=1M:2M (soft:hard), cpu=60, core=max; the names are those of ' +
      'getrlimit(2) in lower case; any number of times',
    { multiple: true },
  ),
  'oom-score-adj': valued('N', '-1000 to 1000: how likely the OOM killer is to choose it', { signed: true }),
  'no-new-privs': flag('no set-user-ID program gives it more rights'),
  'drop-caps': flag('without capabilities'),
  'keep-cap': valued('NAME', 'of all capabilities only this one, such as net_bind_service; any number of times', {
    multiple: true,
  }),
  seccomp: valued(
    'FILE',
    "a seccomp filter: 'default', or a file of struct sock_filter, as bwrap and libseccomp write it",
    { suggest: 'file' },
  ),
  nice: valued('N', '-20 (most processor time) to 19 (least)', { signed: true }),
} as const satisfies Options;

export function settingsOf({
  rlimit,
  'oom-score-adj': oomScoreAdj,
  nice,
  ...values
}: Values<typeof SETTINGS>): ChildSettingsOptions {
  const privileges = privilegesOf(values);
  return given({
    rlimits: rlimit === undefined ? undefined : rlimitsOf(rlimit),
    oomScoreAdj: integer('oom-score-adj', oomScoreAdj),
    nice: integer('nice', nice),
    privileges: Object.keys(privileges).length === 0 ? undefined : privileges,
  });
}

function privilegesOf({
  'no-new-privs': noNewPrivileges,
  'drop-caps': dropsAll,
  'keep-cap': kept,
  seccomp,
}: Values<typeof SETTINGS>): PrivilegeOptions {
  return given({
    noNewPrivileges,
    capabilities: dropsAll === true ? (kept ?? []) : kept,
    seccomp: seccomp === undefined || seccomp === 'default' ? seccomp : read(seccomp),
  });
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`--seccomp can't read ${path}: ${(error as Error).message}`);
  }
}

function rlimitsOf(words: readonly string[]): ResourceLimits {
  const limits = new Map<string, unknown>();
  for (const word of words) {
    const [name, limit] = limitOf(word);
    if (limits.has(name))
      throw new UsageError(`--rlimit ${name} is given twice: give it once, as NAME=SOFT:HARD for both`);
    limits.set(name, limit);
  }
  return Object.fromEntries(limits);
}

function limitOf(word: string): [name: string, limit: unknown] {
  const [, name = '', soft = '', hard] = /^(\w+)=([^:]+)(?::([^:]+))?$/.exec(word) ?? [];
  if (name === '') throw new UsageError(`--rlimit is NAME=LIMIT or NAME=SOFT:HARD, not '${word}'`);
  return [name, hard === undefined ? amount(soft) : { soft: amount(soft), hard: amount(hard) }];
}

/** A size, a word, or a count, which `Number` must not round, let alone to no limit. */
function amount(text: string): number | string {
  if (!/^\d+$/.test(text)) return text;
  const count = Number(text);
  if (Number.isSafeInteger(count)) return count;
  throw new UsageError(`--rlimit takes numbers up to ${Number.MAX_SAFE_INTEGER}, or max, not '${text}'`);
}

function integer(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new UsageError(`--${name} is an integer, not '${text}'`);
}
