import { likelyMeant } from '../../common/options/likely-meant';

/** capabilities(7), by number: linux/capability.h, as of Linux 5.9. */
const NAMES = [
  ...['chown', 'dac_override', 'dac_read_search', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap'],
  ...['linux_immutable', 'net_bind_service', 'net_broadcast', 'net_admin', 'net_raw', 'ipc_lock', 'ipc_owner'],
  ...['sys_module', 'sys_rawio', 'sys_chroot', 'sys_ptrace', 'sys_pacct', 'sys_admin', 'sys_boot', 'sys_nice'],
  ...['sys_resource', 'sys_time', 'sys_tty_config', 'mknod', 'lease', 'audit_write', 'audit_control', 'setfcap'],
  ...['mac_override', 'mac_admin', 'syslog', 'wake_alarm', 'block_suspend', 'audit_read', 'perfmon', 'bpf'],
  'checkpoint_restore',
];

/** The number of a capability, with or without `CAP_`, in any case; undefined if there is none of that name. */
export function capabilityNumber(name: string): number | undefined {
  const number = NAMES.indexOf(withoutPrefix(name));
  return number === -1 ? undefined : number;
}

/** The name that was likely meant. */
export function likelyCapability(name: string): string | undefined {
  return likelyMeant(withoutPrefix(name), NAMES);
}

/** The names of these bits: `CAP_CHOWN, CAP_KILL`. */
export function capabilitiesIn(bits: bigint): string {
  const names = NAMES.filter((_, number) => ((bits >> BigInt(number)) & 1n) === 1n);
  return names.map((name) => `CAP_${name.toUpperCase()}`).join(', ');
}

function withoutPrefix(name: string): string {
  return name.toLowerCase().replace(/^cap_/, '');
}
