import { basename } from 'node:path';
import type { KernelReport } from './kernel-report';

/** The length of a process's `comm` in the kernel. */
const NAME_BYTES = 15;

/** A child of a cage that has ended. */
export interface EndedChild {
  pid: number;
  file: string;
  signal: NodeJS.Signals | null;
  /** memcage killed it, or the caller did so through memcage. */
  wasKilled: boolean;
}

/** Adds the child to the victims of the verdict, if only the kernel can have sent the SIGKILL that ended it. */
export function withChild<E extends KernelReport | undefined>(end: E, { pid, file, signal, wasKilled }: EndedChild): E {
  const oom = end?.oom ?? null;
  if (oom === null || oom.victims !== null || oom.kills === 0 || signal !== 'SIGKILL' || wasKilled) return end;
  const name = Buffer.from(basename(file)).subarray(0, NAME_BYTES).toString();
  return { ...end, oom: { ...oom, victims: [{ pid, name }] } };
}
