import diagnostics from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import workerThreads, { Worker } from 'node:worker_threads';
import { type ContainOptions, createCage } from 'memcage';
import { closedAfterEach } from '../../../support/closed-after-each';
import { withCode } from '../../../support/error-code';
import { fixtureResult } from '../../../support/fixture';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

jest.setTimeout(patience(30_000));

const start = (): Worker => new Worker('', { eval: true });
const ended = async (worker: Worker): Promise<void> => {
  expect(await once(worker, 'exit')).toEqual([0]);
};

/** A program's own class. */
class Own extends Worker {
  constructor() {
    super('', { eval: true });
  }
}

describeIf('cgroup', 'worker threads in cage.contain', () => {
  const make = closedAfterEach();
  expectNothingLeft(async () => {
    const warm = createCage({ memory: '50M' });
    warm.contain(() => {});
    await ended(start());
    await warm.close();
  });

  let started: number;
  const count = (): void => {
    started += 1;
  };
  beforeEach(() => {
    started = 0;
    diagnostics.subscribe('worker_threads', count);
  });
  afterEach(() => diagnostics.unsubscribe('worker_threads', count));

  testRows(
    'do not start, whoever constructs them',
    [
      ['by the class that was imported before', start],
      ['by a member of the module', () => new workerThreads.Worker('', { eval: true })],
      ['by a class of the program', () => new Own()],
      [
        'by one with the name of a class of Node',
        () => new (class InternalWorker extends Worker {})('', { eval: true }),
      ],
      ['by Reflect.construct', () => Reflect.construct(Worker, ['', { eval: true }])],
    ] as const,
    ([, construct]) => {
      const error = thrown(() => make('50M').contain(construct));
      expect(error).toMatchObject(withCode('UNSUPPORTED'));
      expect((error as Error).message).toMatch(/child processes .*threads: 'allow'/);
      expect(started).toBe(0);
    },
  );

  test('do not start later in the context either, nor after the cage has closed', async () => {
    const cage = createCage({ memory: '50M' });
    const later = cage.contain(async () => {
      await sleep(1);
      expect(start).toThrow(withCode('UNSUPPORTED'));
      await cage.close();
      expect(start).toThrow(withCode('UNSUPPORTED'));
    });
    await later;
    expect(started).toBe(0);
  });

  test('start as ever outside of it', async () => {
    make('50M').contain(() => {});
    const worker = start();
    expect(worker).toBeInstanceOf(Worker);
    expect(worker).toBeInstanceOf(EventEmitter);
    expect(Worker.name).toBe('Worker');
    await Promise.all([ended(worker), ended(new Own())]);
    expect(started).toBe(2);
  });

  test('start if they may, as the innermost says', async () => {
    const [outer, inner] = [make('60M'), make('50M')];
    const allow: ContainOptions = { threads: 'allow' };
    await ended(outer.contain(start, allow));
    await ended(outer.contain(() => inner.contain(start, allow)));
    expect(() => outer.contain(() => inner.contain(start), allow)).toThrow(withCode('UNSUPPORTED'));
    expect(() => outer.contain(start, { threads: 'refuse' })).toThrow(withCode('UNSUPPORTED'));
    expect(started).toBe(2);
  });

  test('options are checked before fn is called', () => {
    const fn = jest.fn();
    const contain = (options: unknown) => () => make('50M').contain(fn, options as ContainOptions);
    expect(contain({ threads: true })).toThrow(withCode('INVALID_ARGUMENT'));
    expect(contain({ thread: 'allow' })).toThrow("did you mean 'threads'?");
    expect(contain('allow')).toThrow(withCode('INVALID_ARGUMENT'));
    expect(fn).not.toHaveBeenCalled();
  });

  test('of Node itself start: those for the hooks of modules', async () => {
    const expected = { hooks: 'ran', thread: 'ERR_MEMCAGE_UNSUPPORTED' };
    expect(await fixtureResult('start/api/contained-hooks.mjs')).toEqual(expected);
  });

  const refused = 'ERR_MEMCAGE_UNSUPPORTED';
  const unknown = 'ERR_MEMCAGE_UNSUPPORTED_NODE';
  testRows(
    'are refused through what others have put around the class, or contain() is',
    [
      ['function', { contain: unknown, thread: unknown, allowed: 'none' }],
      ['emitter', { contain: unknown, thread: unknown, allowed: 'none' }],
      ['subclass', { contain: 'none', thread: refused, allowed: 'none' }],
      ['undone', { contain: unknown, thread: unknown, allowed: 'none' }],
      ['replaced', { contain: 'none', thread: refused, allowed: 'none' }],
    ] as const,
    async ([way, expected]) => {
      expect(await fixtureResult('start/api/contain-threads.js', way)).toEqual(expected);
    },
  );
});
