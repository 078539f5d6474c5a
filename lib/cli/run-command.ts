import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Outcome } from '../../types/outcome';
import type { Cage } from '../cage/cage';
import { formatSize } from '../size';
import { spawn } from '../spawn';
import type { RunCommand } from './arguments';

// SIGKILL and SIGSTOP can't be caught; the others have a meaning for this process alone, or are Node's own.
const FORWARDED: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR2',
  'SIGCONT',
  'SIGWINCH',
];
const ENDING: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGTERM']);
/** A terminal sends these to its whole foreground process group, the command included: it must not get them twice. */
const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH']);
/** As docker run: a program that ignores the signal (pid 1 does, without a handler) can still be stopped from outside. */
const SIGNALS_TO_KILL = 3;

const FAILED = 125;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** Returns the exit code. */
export async function runCommand(command: RunCommand): Promise<number> {
  const { file, args, memory, namespaces, parent, keepDescendants, json } = command;
  const child = spawn(file, args, {
    stdio: 'inherit',
    memory,
    namespaces,
    ...(keepDescendants && { keepDescendants }),
    ...(parent !== undefined && { parent }),
  });
  const stopForwarding = forwardSignals(child);
  let startError: NodeJS.ErrnoException | undefined;
  child.on('error', (error: NodeJS.ErrnoException) => {
    startError = error;
  });
  const outcome = await child.outcome;
  stopForwarding();
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(toJson(outcome), null, 2)}\n`);
  if (child.pid === undefined) return reportStartError(file, outcome.error ?? startError);
  if (outcome.oom !== null) process.stderr.write(`memcage: ${memoryLine(file, outcome)}\n`);
  if (outcome.error !== undefined) process.stderr.write(`memcage: ${outcome.error.message}\n`);
  return outcome.exitCode ?? (outcome.signal === null ? FAILED : 128 + constants.signals[outcome.signal]);
}

/** A signal to this process is meant for the command. */
function forwardSignals(child: { kill(signal: NodeJS.Signals): boolean; readonly cage: Cage }): () => void {
  let received = 0;
  const forward = (signal: NodeJS.Signals): void => {
    if (ENDING.has(signal)) received += 1;
    if (received >= SIGNALS_TO_KILL) child.kill('SIGKILL');
    else if (!(process.stdin.isTTY && FROM_TERMINAL.has(signal))) child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return () => {
    for (const signal of FORWARDED) process.off(signal, forward);
  };
}

function reportStartError(file: string, error: NodeJS.ErrnoException | undefined): number {
  process.stderr.write(`memcage: ${file}: ${error?.message ?? 'could not be started'}\n`);
  if (error?.code === 'ENOENT') return NOT_FOUND;
  return error?.code === 'EACCES' ? NOT_EXECUTABLE : FAILED;
}

function memoryLine(file: string, { oom, memory }: Outcome): string {
  const killed = oom?.kills === 1 ? '1 process was' : `${oom?.kills} processes were`;
  const peak = memory.peakBytes === null ? 'unknown' : formatSize(memory.peakBytes);
  return `${file}: ${killed} killed for memory (cause: ${oom?.cause}, limit ${formatSize(memory.limitBytes)}, peak ${peak})`;
}

/** JSON has no Infinity, and an Error would be {}. */
function toJson({ error, memory, ...outcome }: Outcome): object {
  return {
    ...outcome,
    memory: { ...memory, limitBytes: memory.limitBytes === Number.POSITIVE_INFINITY ? 'max' : memory.limitBytes },
    ...(error !== undefined && { error: { ...error, message: error.message } }),
  };
}
