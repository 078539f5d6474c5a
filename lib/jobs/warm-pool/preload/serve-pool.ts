import { collectGarbage } from './collect-garbage';
import { ASK, ASKED, type InternalMessage, TRIM, TRIMMED } from './messages';
import { Questions } from './questions';

/** Does what the pool asks for. A listener to internal messages does not keep the process alive. */
export function servePool(tell: (message: object) => void): void {
  let questions: Questions | undefined;
  (process as NodeJS.EventEmitter).on('internalMessage', ({ cmd, more }: InternalMessage) => {
    if (cmd === ASK) {
      // With one question there is none that an answer could come too late for.
      if (more === true) questions ??= new Questions();
      beforeNextMessage(() => {
        questions?.begin();
        tell({ cmd: ASKED });
      });
    } else if (cmd === TRIM) {
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
