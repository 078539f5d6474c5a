import { errorMonitor, once } from 'node:events';
import { LazyEmitter } from '../../../../lib/common/event-loop/emitter';
import { testRows } from '../../../support/rows';

class Recorder extends LazyEmitter<{ a: [number]; b: [] }> {
  readonly calls: string[] = [];
  readonly added: unknown[] = [];
  refused: string | undefined;

  constructor() {
    super(['a', 'b', 'pressure']);
  }

  protected override listeningBegins(name: 'a' | 'b'): void {
    if (name === this.refused) throw new Error('refused');
    this.calls.push(`begin ${String(name)}`);
  }

  protected override listenerAdded(_: 'a' | 'b', listener: () => void): void {
    this.added.push(listener);
  }

  protected override listeningEnds(name: 'a' | 'b'): void {
    this.calls.push(`end ${String(name)}`);
  }
}

describe('LazyEmitter', () => {
  testRows(
    'every way to add a listener begins',
    ['on', 'addListener', 'prependListener', 'once', 'prependOnceListener'] as const,
    (method) => {
      const emitter = new Recorder();
      const listener = (): void => {};
      emitter[method]('a', listener);
      emitter[method]('a', listener);
      expect(emitter.calls).toEqual(['begin a']);
      emitter.removeListener('a', listener);
      expect(emitter.calls).toEqual(['begin a']);
      emitter.off('a', listener);
      expect(emitter.calls).toEqual(['begin a', 'end a']);
    },
  );

  testRows(
    'an event that it does not have is refused, as nobody would ever hear of it',
    [
      ['presure', "Unknown event 'presure': did you mean 'pressure'?"],
      ['nothing', "Unknown event 'nothing': there are a, b, pressure"],
    ] as const,
    ([name, message]) => {
      const emitter = new Recorder();
      for (const method of ['on', 'once', 'prependOnceListener'] as const) {
        const listen = (): unknown => emitter[method](name as 'a', () => {});
        expect(listen).toThrow(
          expect.objectContaining({
            name: 'TypeError',
            code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
            option: 'event',
            message,
          }),
        );
      }
      expect(emitter.calls).toEqual([]);
      expect(emitter.eventNames()).toEqual([]);
    },
  );

  test.each(['error', 'newListener', 'removeListener', errorMonitor])('any emitter has what Node adds: %p', (name) => {
    const emitter = new Recorder();
    emitter.on(name as 'a', () => {});
    expect(emitter.eventNames()).toEqual([name]);
    expect(emitter.calls).toEqual([]);
  });

  test('each listener that was added is told, as it is kept', () => {
    const emitter = new Recorder();
    const listener = (): void => {};
    emitter.on('b', listener).once('b', listener);
    expect(emitter.added).toEqual(emitter.rawListeners('b'));
    expect(() => emitter.on('b', 1 as never)).toThrow('must be of type function');
    expect(emitter.added.length).toBe(2);
  });

  test('the end of the last once() is one', async () => {
    const emitter = new Recorder();
    const first = once(emitter, 'a');
    emitter.emit('a', 1);
    expect(await first).toEqual([1]);
    // once() listens to 'error' as well.
    expect(emitter.calls).toEqual(['begin a', 'end a']);
  });

  test('removeAllListeners ends those of a name, or all; it can begin again', () => {
    const emitter = new Recorder();
    emitter.on('a', () => {}).on('b', () => {});
    emitter.removeAllListeners('a');
    expect(emitter.calls).toEqual(['begin a', 'begin b', 'end a']);
    emitter.on('a', () => {});
    emitter.removeAllListeners();
    expect(emitter.calls.slice(3)).toEqual(['begin a', 'end b', 'end a']);
  });

  test('what is refused, and what is no listener, is not listened to', () => {
    const emitter = new Recorder();
    emitter.refused = 'a';
    expect(() => emitter.on('a', () => {})).toThrow('refused');
    expect(emitter.listenerCount('a')).toBe(0);
    expect(() => emitter.on('b', 1 as never)).toThrow('must be of type function');
    expect(emitter.calls).toEqual(['begin b', 'end b']);
  });
});
