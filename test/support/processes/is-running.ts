import type { ChildProcess } from 'node:child_process';

/** Whether Node has yet to hear of its end. */
export function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
