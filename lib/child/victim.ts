import { basename } from 'node:path';
import type { KernelReport } from './kernel-report';

/** As long as the kernel's `comm` of a process. */
const NAME_BYTES = 15;

/** A child that has ended, in a cage. */
export interface EndedChild {
  pid: number;
  file: string;
  signal: NodeJS.Signals | null;
  /** By us, or by the caller through us. */
  wasKilled: boolean;
}

/** The verdict on a child, which is a victim itself when nobody else can have sent the signal that ended it. */
export function withChild<E extends KernelReport | undefined>(end: E, { pid, file, signal, wasKilled }: EndedChild): E {
  const oom = end?.oom ?? null;
  if (oom === null || oom.victims !== null || oom.kills === 0 || signal !== 'SIGKILL' || wasKilled) return end;
  const name = Buffer.from(basename(file)).subarray(0, NAME_BYTES).toString();
  return { ...end, oom: { ...oom, victims: [{ pid, name }] } };
}
