import { readProcStat } from '../../proc';

// All that would end this process, and with it the command, save what the kernel reports a fault of its own by (SIGSEGV and
// the like). SIGUSR1 too: left to Node it would open a debugger's port. Real-time signals can't be caught in Node.
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
/** A terminal sends these to its whole foreground process group, the command included: it must not get them twice. */
const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH']);
/** As docker run: a program that ignores the signal (pid 1 does, without a handler) can still be stopped from outside. */
const SIGNALS_TO_KILL = 3;

/** A signal to this process is meant for the command. */
export function forwardSignals(send: (signal: NodeJS.Signals) => void): void {
  let received = 0;
  const forward = (signal: NodeJS.Signals): void => {
    if (ENDING.has(signal)) received += 1;
    if (received >= SIGNALS_TO_KILL) send('SIGKILL');
    else if (!(FROM_TERMINAL.has(signal) && inForeground())) send(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
}

/** Of a terminal, whether or not that is stdin. */
function inForeground(): boolean {
  const [, , group, , , foregroundGroup] = readProcStat('self');
  return group === foregroundGroup;
}
