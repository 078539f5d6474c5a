import { readFileSync } from 'node:fs';

/** Numbers of linux/capability.h. */
export const CAP_SYS_ADMIN = 21;
export const CAP_SYS_RESOURCE = 24;

const known = new Map<number, string>();

/**
 * The proc_pid_status(5) of the calling thread. The uid does not tell what it may: root in a container may lack
 * capabilities. Read once for each effective uid, because changing the uid drops them.
 * https://man7.org/linux/man-pages/man7/capabilities.7.html
 */
function knownStatus(): string {
  const uid = process.geteuid?.() ?? 0;
  let status = known.get(uid);
  if (status === undefined) {
    status = readFileSync('/proc/thread-self/status', 'utf8');
    known.set(uid, status);
  }
  return status;
}

/** Whether the calling thread has CAP_SYS_ADMIN in its user namespace, which every namespace but a user namespace needs. */
export function canMakeNamespaces(): boolean {
  return hasCapability(knownStatus(), CAP_SYS_ADMIN);
}

/** Whether the calling thread has CAP_SYS_RESOURCE where the kernel asks for it: in the machine's first user namespace. */
export function canRaiseLimits(): boolean {
  return hasCapability(knownStatus(), CAP_SYS_RESOURCE) && isInFirstUserNamespace();
}

/** Whether the `CapEff` of a proc_pid_status(5) has a capability. */
export function hasCapability(status: string, number: number): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> BigInt(number)) & 1n) === 1n;
}

/** Whether this process is in the machine's first user namespace, or in one that looks the same. */
export function isInFirstUserNamespace(): boolean {
  try {
    return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  } catch {
    // A kernel without user namespaces has only the first one.
    return true;
  }
}
