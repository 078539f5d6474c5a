import { constants } from 'node:os';
import { Cgroup } from '../../../../cgroup';
import { formatSize, type MemcageError, parseSize } from '../../../../index';
import { passingOver } from '../../cgroup-gone';
import { charsetOf, colorsOf } from '../../text/style';
import { killAllIn, processes, whyNoKill } from '../kill';
import { History, type Picture, screenOf, shownIn } from './layout';
import type { Row } from './reader';
import { Screen } from './screen';
import { press, type Question, type View } from './view';

const ENDING = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

export interface LiveOptions {
  read: () => readonly Row[];
  intervalMs: number;
  view: View;
  /** What to say where there is nothing to show. */
  nothing: string;
}

/** Shows the rows in the terminal until a key or a signal ends the display. Returns the exit code. */
export async function showLive({ read, intervalMs, nothing, view: initial }: LiveOptions): Promise<number> {
  const screen = new Screen(process.stdout, process.stdin);
  const style = { colors: colorsOf(process.stdout), charset: charsetOf() };
  const history = new History();
  let view = initial;
  let rows: readonly Row[] = [];
  let time = '';
  const picture = (): Picture => ({
    ...style,
    view,
    rows,
    nothing,
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
        const next = press(view, key, { ...shownIn(picture()), whyNoKill: whyNoKillAt });
        if (next === 'quit') return resolve(key.ctrl === true ? 128 + constants.signals.SIGINT : 0);
        // To all processes that the shell started together with this one, as a terminal does that is not raw.
        if (next === 'stop') return void process.kill(0, 'SIGTSTP');
        if (!('order' in next)) {
          view = next;
          return draw();
        }
        ({ view } = next);
        draw();
        const { order } = next;
        const name = rows.find(({ path }) => path === order.path)?.name ?? order.path;
        void act(order, name).then(
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

/** Why all that is in a cgroup is not killed; undefined if it is, or if the cgroup is gone, which the kill tells. */
function whyNoKillAt(path: string): string | undefined {
  return passingOver(() => {
    using cgroup = Cgroup.open(path);
    const why = whyNoKill(cgroup, cgroup.pids());
    return why === undefined ? undefined : `this ${why}`;
  });
}

/** Carries out an action. Resolves with a line that says what became of it, what matters first: a narrow screen cuts it. */
async function act({ action, path, text }: Question, name: string): Promise<string> {
  try {
    using cgroup = Cgroup.open(path);
    if (action === 'limit') return limit(cgroup, name, text);
    // As `memcage kill` does without --cgroup, for which `top` has no key.
    return `${name}: killed ${processes(await killAllIn(cgroup))}`;
  } catch (error) {
    return `${name}: ${whyNotDone(error as Error, text)}`;
  }
}

function limit(cgroup: Cgroup, name: string, text: string): string {
  cgroup.setLimits({ max: parseSize(text) });
  return `${name}: the limit is ${formatSize(cgroup.limits().max)}`;
}

function whyNotDone(error: Error, text: string): string {
  const { code, usageBytes } = error as Partial<MemcageError>;
  if (code === 'ERR_MEMCAGE_INVALID_SIZE') return `'${text}' is no size: 512K, 100M, 1.5G, max`;
  if (code === 'ERR_MEMCAGE_LIMIT_REFUSED' && typeof usageBytes === 'number') {
    return `it uses ${formatSize(usageBytes)}, more than that: give it more, or kill it`;
  }
  return `not done: ${error.message}`;
}

/** Moments at regular intervals, without drift. Skips those that were missed. */
export class Beat {
  #dueMs = performance.now();

  constructor(private readonly intervalMs: number) {}

  /** The time until the next moment, rounded up to whole milliseconds for setTimeout(). */
  untilNextMs(): number {
    const nowMs = performance.now();
    this.#dueMs += Math.max(1, Math.ceil((nowMs - this.#dueMs) / this.intervalMs)) * this.intervalMs;
    return Math.ceil(this.#dueMs - nowMs);
  }
}
