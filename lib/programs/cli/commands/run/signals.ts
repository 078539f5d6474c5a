import { constants } from 'node:os';
import { readProcStat } from '../../read-proc';

// The signals that would end this process, and with it the command, except for those by which the kernel reports a
// fault of this process (such as SIGSEGV). Also SIGUSR1, for which Node would open a debugger's port, and SIGCONT and
// SIGWINCH, which the command may handle. Node can't catch real-time signals.
const FORWARDED: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGPWR',
  'SIGSTKFLT',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGCONT',
  'SIGWINCH',
];
const ENDING: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGTERM']);
/** A terminal sends these to its whole foreground process group. The command is in it, and must not get them twice. */
const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH']);
/** How many SIGINTs and SIGTERMs kill the command, as with docker run. It may ignore them, as pid 1 does by default. */
const SIGNALS_TO_KILL = 3;

/** Passes signals to this process on to the command, for which they are meant. */
export function forwardSignals(send: (signal: NodeJS.Signals) => void): void {
  let received = 0;
  const forward = (signal: NodeJS.Signals): void => {
    if (ENDING.has(signal)) received += 1;
    if (received >= SIGNALS_TO_KILL) send('SIGKILL');
    else if (!(FROM_TERMINAL.has(signal) && inForeground())) send(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
}

/** Whether this process is in the foreground of its terminal, which need not be its stdin. */
function inForeground(): boolean {
  const [, , group, , , foregroundGroup] = readProcStat('self');
  return group === foregroundGroup;
}

/** The code that a shell would report. Node has no names for real-time signals; memcage calls them SIG34 and so on. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[signal] ?? Number(signal.slice('SIG'.length)));
}

/** Ends this process at a signal, with its cages. */
export function exitOnSignals(): void {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const) {
    // The exit handler closes the cages. The signal's default action would pass over it.
    process.once(signal, () => process.exit(exitCodeOf(signal)));
  }
}
