import { readFileSync } from 'node:fs';

/** Numbers of linux/capability.h. */
export const CAP_SETGID = 6;
export const CAP_SETUID = 7;
export const CAP_SETPCAP = 8;
export const CAP_SYS_ADMIN = 21;
export const CAP_SYS_NICE = 23;
export const CAP_SYS_RESOURCE = 24;

/** Sets of a thread, as bits. https://man7.org/linux/man-pages/man7/capabilities.7.html */
export interface CapabilitySets {
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly bounding: bigint;
}

const known = new Map<number, CapabilitySets>();

/**
 * The capabilities of the calling thread. The uid does not tell: root in a container may lack some. Looked up once for each
 * effective uid, because changing the uid drops them.
 */
export function knownCapabilities(): CapabilitySets {
  const uid = process.geteuid?.() ?? 0;
  let sets = known.get(uid);
  if (sets === undefined) {
    sets = readCapabilities();
    known.set(uid, sets);
  }
  return sets;
}

/** The capabilities of the calling thread, looked up now. */
export function readCapabilities(): CapabilitySets {
  return parseCapabilities(readFileSync('/proc/thread-self/status', 'utf8'));
}

/** @param status a proc_pid_status(5). What it lacks is empty. */
export function parseCapabilities(status: string): CapabilitySets {
  const bits = (name: string): bigint => {
    const mask = new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0';
    return BigInt(`0x${mask}`);
  };
  return { permitted: bits('CapPrm'), effective: bits('CapEff'), bounding: bits('CapBnd') };
}

/** Whether the capability is in effect. */
export function hasCapability({ effective }: CapabilitySets, number: number): boolean {
  return ((effective >> BigInt(number)) & 1n) === 1n;
}

/** Whether the calling thread has CAP_SYS_ADMIN in its user namespace, which every namespace but a user namespace needs. */
export function canMakeNamespaces(): boolean {
  return hasCapability(knownCapabilities(), CAP_SYS_ADMIN);
}

let isInFirst: boolean | undefined;

/** Whether the calling thread has CAP_SYS_RESOURCE where the kernel asks for it: in the machine's first user namespace. */
export function canRaiseLimits(): boolean {
  // A process with threads can't leave its user namespace.
  isInFirst ??= isInFirstUserNamespace();
  return isInFirst && hasCapability(knownCapabilities(), CAP_SYS_RESOURCE);
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
