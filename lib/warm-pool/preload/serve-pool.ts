import { collectGarbage } from './collect-garbage';
import { ASK, ASKED, type InternalMessage, TRIM, TRIMMED } from './messages';

/** Does what the pool asks for. A listener to internal messages does not keep the process alive. */
export function servePool(tell: (message: object) => void): void {
  (process as NodeJS.EventEmitter).on('internalMessage', ({ cmd }: InternalMessage) => {
    if (cmd === ASK) beforeNextMessage(() => tell({ cmd: ASKED }));
    else if (cmd === TRIM) {
      collectGarbage();
      tell({ cmd: TRIMMED });
    }
  });
}

/** The question may come in a later turn of the event loop than what announces it, and the module may send something first. */
function beforeNextMessage(act: () => void): void {
  // Node keeps messages for the first who listens, which must be the module.
  if (process.listenerCount('message') === 0) act();
  else process.prependOnceListener('message', act);
}
