import { types } from 'node:util';
import type { CloneOptions } from '../../../types/native';
import { contradiction, invalidArgument, misplaced } from '../../common/errors/argument-errors';
import { likelyMeant } from '../../common/errors/likely-meant';
import { A_FILTER, CURE, mention, words } from '../../common/errors/words';
import { aliasesOf } from '../../common/options/accepted-options';
import { checkFlag } from '../../common/options/checks';
import { isRecord, readOptions } from '../../common/options/option-names';
import { defaultFilter } from './default-filter';
import { whyNoFilter } from './seccomp-filter';

/** The option `privileges` after validation. */
export interface Privileges {
  /** The option `noNewPrivileges`; undefined if it was left out. */
  noNewPrivileges: boolean | undefined;
  /** The capabilities to keep, as bits; undefined for all. */
  capabilities: bigint | undefined;
  seccomp: Uint8Array | undefined;
}

export const ALL_PRIVILEGES: Privileges = { noNewPrivileges: undefined, capabilities: undefined, seccomp: undefined };

const NAMES = ['noNewPrivileges', 'capabilities', 'seccomp'] as const;

/** Names in prctl(2), Docker, systemd and runc. */
const ALIASES = aliasesOf({
  noNewPrivileges: ['nonewprivs'],
  capabilities: ['caps', 'cap', 'keepcaps'],
  seccomp: ['filter', 'bpf'],
});

/** Validates the option `privileges` of a function. */
export function resolvePrivileges(option: unknown, of: string): Privileges {
  if (option === undefined) return ALL_PRIVILEGES;
  if (!isRecord(option)) throw invalidArgument('privileges', `an object of ${NAMES.join(', ')}`, option);
  const { noNewPrivileges, capabilities, seccomp } = readOptions(option, {
    of,
    within: 'privileges',
    known: NAMES,
    aliases: ALIASES,
  });
  return {
    // A filter needs it, or CAP_SYS_ADMIN. So the filter of a cage has it for all children, whatever they say.
    noNewPrivileges:
      noNewPrivileges !== undefined
        ? checkFlag('privileges.noNewPrivileges', noNewPrivileges)
        : seccomp === undefined
          ? undefined
          : true,
    capabilities: capabilities === undefined ? undefined : toBits(capabilities),
    seccomp: seccomp === undefined ? undefined : toFilter(seccomp),
  };
}

function toBits(names: unknown): bigint {
  if (!Array.isArray(names)) throw invalidArgument('privileges.capabilities', 'an array of names', names);
  let bits = 0n;
  for (const name of names as unknown[]) {
    const number = typeof name === 'string' ? capabilityNumber(name) : undefined;
    if (number === undefined) {
      const likely = typeof name === 'string' ? likelyCapability(name) : undefined;
      const question = likely === undefined ? '' : ` (did you mean '${likely}'?)`;
      throw invalidArgument(
        'privileges.capabilities',
        `names of capabilities(7) such as 'net_bind_service'${question}`,
        name,
      );
    }
    bits |= 1n << BigInt(number);
  }
  return bits;
}

/** A copy of a given one: what was checked is what the child gets. */
function toFilter(given: unknown): Uint8Array {
  if (given === 'default') {
    const filter = defaultFilter();
    if (filter !== undefined) return filter;
    throw invalidArgument('privileges.seccomp', `a filter of your own on ${process.arch}`, given);
  }
  const wanted = words`'default', or ${mention(A_FILTER, 'a seccomp filter as a Uint8Array of struct sock_filter')}`;
  if (!types.isUint8Array(given)) throw invalidArgument('privileges.seccomp', wanted, given);
  const bytes = Uint8Array.from(given);
  const wrong = whyNoFilter(bytes);
  if (wrong !== undefined) {
    const what = { ...mention('privileges.seccomp'), value: '' };
    throw contradiction('privileges.seccomp', words`${what} is no seccomp filter: ${wrong}${CURE}give ${wanted}`);
  }
  return bytes;
}

/** The privileges of a child in a cage: it has only what both leave it. */
export function privilegesIn(cage: Privileges, own: Privileges): Privileges {
  if (cage.seccomp !== undefined && own.seccomp !== undefined && cage.seccomp !== own.seccomp) {
    const why = 'to a child whose cage has another seccomp filter';
    throw misplaced('privileges.seccomp', why, 'make one filter of both, for the cage');
  }
  const strict = cage.noNewPrivileges === true || own.noNewPrivileges === true;
  return {
    noNewPrivileges: strict || (own.noNewPrivileges ?? cage.noNewPrivileges),
    capabilities:
      cage.capabilities === undefined || own.capabilities === undefined
        ? (cage.capabilities ?? own.capabilities)
        : cage.capabilities & own.capabilities,
    seccomp: cage.seccomp ?? own.seccomp,
  };
}

/** For a child with a root directory of its own. */
export function withoutNewRights(own: Privileges): Privileges {
  // Set-user-ID programs trust the files around them, such as /etc/ld.so.preload. In such a root the child may have
  // written these.
  return { ...own, noNewPrivileges: own.noNewPrivileges ?? true };
}

export function limitsPrivileges({ noNewPrivileges, capabilities, seccomp }: Privileges): boolean {
  return noNewPrivileges === true || capabilities !== undefined || seccomp !== undefined;
}

/** The options for the addon. */
export function planPrivileges({
  noNewPrivileges,
  capabilities,
  seccomp,
}: Privileges): Pick<CloneOptions, 'noNewPrivs' | 'capabilities' | 'seccomp' | 'seccompEarly'> {
  return {
    ...(noNewPrivileges === true && { noNewPrivs: true }),
    ...(capabilities !== undefined && { capabilities: numbersIn(capabilities) }),
    ...(seccomp !== undefined && { seccomp }),
    ...(seccomp !== undefined && noNewPrivileges !== true && { seccompEarly: true }),
  };
}

function numbersIn(bits: bigint): number[] {
  return Array.from({ length: 64 }, (_, number) => number).filter((number) => ((bits >> BigInt(number)) & 1n) === 1n);
}

/** capabilities(7), by number: linux/capability.h, as of Linux 5.9. */
const CAPABILITIES = [
  ...['chown', 'dac_override', 'dac_read_search', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap'],
  ...['linux_immutable', 'net_bind_service', 'net_broadcast', 'net_admin', 'net_raw', 'ipc_lock', 'ipc_owner'],
  ...['sys_module', 'sys_rawio', 'sys_chroot', 'sys_ptrace', 'sys_pacct', 'sys_admin', 'sys_boot', 'sys_nice'],
  ...['sys_resource', 'sys_time', 'sys_tty_config', 'mknod', 'lease', 'audit_write', 'audit_control', 'setfcap'],
  ...['mac_override', 'mac_admin', 'syslog', 'wake_alarm', 'block_suspend', 'audit_read', 'perfmon', 'bpf'],
  'checkpoint_restore',
];

/** The number of a capability, with or without `CAP_`, in any case; undefined if there is none of that name. */
function capabilityNumber(name: string): number | undefined {
  const number = CAPABILITIES.indexOf(withoutPrefix(name));
  return number === -1 ? undefined : number;
}

/** The name that was likely meant. */
function likelyCapability(name: string): string | undefined {
  return likelyMeant(withoutPrefix(name), CAPABILITIES);
}

/** The names of these bits: `CAP_CHOWN, CAP_KILL`. */
export function capabilitiesIn(bits: bigint): string {
  const names = CAPABILITIES.filter((_, number) => ((bits >> BigInt(number)) & 1n) === 1n);
  return names.map((name) => `CAP_${name.toUpperCase()}`).join(', ');
}

function withoutPrefix(name: string): string {
  return name.toLowerCase().replace(/^cap_/, '');
}
