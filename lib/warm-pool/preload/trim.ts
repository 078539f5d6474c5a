import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type InternalMessage, TRIM, TRIMMED } from './messages';

/** Collects garbage when the pool asks for it. A listener to internal messages does not keep the process alive. */
export function serveTrims(tell: (message: object) => void): void {
  (process as NodeJS.EventEmitter).on('internalMessage', function onMessage({ cmd }: InternalMessage) {
    if (cmd !== TRIM) return;
    process.off('internalMessage', onMessage);
    collectGarbage();
    tell({ cmd: TRIMMED });
  });
}

/** The module never sees the function: it is in a context of its own, and the flag is taken back. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  setFlagsFromString('--no-expose-gc');
  // The only kind after which V8 gives pages back, from Node 22 on.
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
