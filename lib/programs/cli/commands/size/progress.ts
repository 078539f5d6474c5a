import { formatDuration } from '../../../../common/text/duration';

const SECOND = 1000;

/** Tells of a run while it lasts, in a line of the terminal that is gone after it. Returns what ends that. */
export function tellWhile(what: string): () => void {
  const { stderr } = process;
  if (!stderr.isTTY || process.env['TERM'] === 'dumb') return () => {};
  const startMs = performance.now();
  const tell = (): void => {
    stderr.write(`\r\x1b[Kmemcage: ${what}, ${about(performance.now() - startMs)}`);
  };
  tell();
  const timer = setInterval(tell, SECOND);
  const erase = (): void => {
    stderr.write('\r\x1b[K');
  };
  // A signal ends this process meanwhile, and a shell would write its prompt behind half a line.
  process.once('exit', erase);
  return () => {
    process.off('exit', erase);
    clearInterval(timer);
    erase();
  };
}

/** A duration that is not exact: in whole seconds from one second on. */
export function about(ms: number): string {
  return formatDuration(ms < SECOND ? Math.round(ms) : Math.round(ms / SECOND) * SECOND).replace(/ 0 \w+$/, '');
}
