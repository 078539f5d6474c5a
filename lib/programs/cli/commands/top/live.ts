import { constants } from 'node:os';
import { Screen } from '../../terminal';
import { charsetOf } from '../../text/charset';
import { colorsOf } from '../../text/color';
import { act } from './act';
import { Beat } from './beat';
import { History } from './history';
import { screenOf, shownIn } from './layout';
import type { Row } from './reader';
import { press, type View } from './view';

const ENDING = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

export interface LiveOptions {
  read: () => Row[];
  intervalMs: number;
  view: View;
}

/** Shows the rows in the terminal until a key or a signal ends the display. Returns the exit code. */
export async function showLive({ read, intervalMs, view: initial }: LiveOptions): Promise<number> {
  const screen = new Screen(process.stdout, process.stdin);
  const style = { colors: colorsOf(process.stdout), charset: charsetOf() };
  const history = new History();
  let view = initial;
  let rows: Row[] = [];
  let time = '';
  const picture = () => ({
    ...style,
    view,
    rows,
    history,
    title: `memcage top ${time}`,
    columns: screen.columns,
    lines: screen.lines,
  });
  const draw = (): void => screen.draw(screenOf(picture()));

  const handlers = new Map<NodeJS.Signals, () => void>();
  let timer: NodeJS.Timeout | undefined;
  const { promise, resolve, reject } = withResolvers<number>();
  /** An error in a callback ends the display too, after the terminal is restored. */
  const guarded = <A extends unknown[]>(callback: (...args: A) => void) => {
    return (...args: A): void => {
      try {
        callback(...args);
      } catch (error) {
        reject(error);
      }
    };
  };

  for (const signal of ENDING) handlers.set(signal, () => resolve(128 + constants.signals[signal]));
  handlers.set('SIGTSTP', () => {
    screen.leave();
    process.kill(process.pid, 'SIGSTOP');
  });
  handlers.set(
    'SIGCONT',
    guarded(() => {
      screen.enterAgain();
      draw();
    }),
  );
  const redraw = guarded(() => {
    screen.forget();
    draw();
  });

  const beat = new Beat(intervalMs);
  const tick = guarded(() => {
    if (!view.paused) {
      rows = read();
      time = new Date().toLocaleTimeString('en-GB');
      history.add(rows);
    }
    draw();
    timer = setTimeout(tick, beat.untilNextMs());
  });

  let keys = { stop: (): void => {} };
  try {
    screen.enter();
    for (const [signal, handler] of handlers) process.on(signal, handler);
    process.stdout.on('resize', redraw);
    keys = screen.listen(
      guarded((key) => {
        const next = press(view, key, shownIn(picture()));
        if (next === 'quit') return resolve(key.ctrl === true ? 128 + constants.signals.SIGINT : 0);
        // As a terminal that is not raw does it: to all processes that the shell started together with this one.
        if (next === 'stop') return void process.kill(0, 'SIGTSTP');
        if (!('order' in next)) {
          view = next;
          return draw();
        }
        ({ view } = next);
        draw();
        void act(next.order).then(
          guarded((told) => {
            view = { ...view, told };
            rows = read();
            draw();
          }),
        );
      }),
    );
    tick();
    return await promise;
  } finally {
    clearTimeout(timer);
    keys.stop();
    process.stdout.off('resize', redraw);
    for (const [signal, handler] of handlers) process.off(signal, handler);
    screen.leave();
  }
}

/** Promise.withResolvers of Node 22 and newer. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
