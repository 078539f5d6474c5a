import { readFileSync } from 'node:fs';

// capability(7).
const CAP_SYS_ADMIN = 21n;

const known = new Map<number, boolean>();

/**
 * Whether the calling thread has CAP_SYS_ADMIN in its user namespace, which every namespace but a user namespace
 * needs. The uid does not tell: root in a container may lack it. Looked up once for each effective uid, because
 * changing the uid drops the capability. https://man7.org/linux/man-pages/man7/capabilities.7.html
 */
export function canMakeNamespaces(): boolean {
  const uid = process.geteuid?.() ?? 0;
  let can = known.get(uid);
  if (can === undefined) {
    can = hasSysAdmin(readFileSync('/proc/thread-self/status', 'utf8'));
    known.set(uid, can);
  }
  return can;
}

/** Whether the `CapEff` of a proc_pid_status(5) has CAP_SYS_ADMIN. */
export function hasSysAdmin(status: string): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}
