import { Server } from 'node:net';
import { join } from 'node:path';
import { fork, run } from 'memcage';
import { expectNothingLeft } from '../../support/nothing-left';
import { openFds } from '../../support/processes/fds';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

const ABUSE = join(__dirname, '../../fixtures/process/abuse-channel.js');

describeIf('cgroup', 'what a child writes on its channel', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  type Abused = ReturnType<typeof fork>;
  type Options = { serialization?: 'json' | 'advanced'; ipcHandles?: boolean };

  function abusing(abuse: string, options: Options = {}): Abused {
    return fork(ABUSE, [abuse], { memory: '200M', silent: true, ...options });
  }

  async function errorsOf(child: Abused): Promise<Error[]> {
    const errors: Error[] = [];
    child.on('error', (error) => {
      errors.push(error);
      // As one who has heard enough.
      child.kill('SIGKILL');
    });
    await child.outcome;
    return errors;
  }

  const json = { serialization: 'json' } as const;
  const advanced = { serialization: 'advanced' } as const;
  const alone = { ipcHandles: false };

  testRows(
    "is told by its 'error' event if it is no message",
    [
      ['ack', json],
      ['nack', json],
      ['ack', advanced],
      ['garbage', json],
      ['zeros', advanced],
      ['a length below zero', { ...advanced, ...alone }],
      ['server', json],
      ['unknown type', json],
      ['ack', alone],
      ['garbage', alone],
      ['zeros', { ...advanced, ...alone }],
      ['handle', alone],
      ['handle', { ...advanced, ...alone }],
      ['handle without one', alone],
      ['endless', alone],
      ['an announced gibibyte', { ...advanced, ...alone }],
    ] as const,
    async ([abuse, options]) => {
      const child = abusing(abuse, options);
      child.on('message', () => {});
      const [error, ...more] = await errorsOf(child);
      expect(more).toEqual([]);
      expect(error).toMatchObject({ code: 'ERR_MEMCAGE_CHANNEL', cure: expect.any(String) as string });
      expect(error?.message).toMatch(/^The child \(pid \d+\) .*, and its channel was closed\. Cure: .*/);
      expect(child.connected).toBe(false);
    },
  );

  test('is not kept without end while nobody listens, where it is messages alone', async () => {
    const [error] = await errorsOf(abusing('unheard', alone));
    expect(error?.message).toContain('sent more than 1 MiB of messages that nobody listens to');
  });

  testRows('may be what nobody knows', ['cluster', 'well', 'failed'] as const, async (abuse) => {
    const child = abusing(abuse);
    const errors = errorsOf(child);
    const internal = new Promise((resolve) => (child as NodeJS.EventEmitter).once('internalMessage', resolve));
    const message = new Promise((resolve) => child.once('message', resolve));
    await Promise.race([internal, message]);
    child.disconnect();
    expect(await errors).toEqual([]);
  });

  test('is closed with the handles in it, where it is messages alone', async () => {
    const handles = (): number => openFds().filter((target) => target === '/dev/null').length;
    const child = abusing('many fds', alone);
    const messages: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      child.on('message', (message) => {
        messages.push(message);
        if (messages.length === 300) resolve();
      });
    });
    const before = handles();
    await all;
    expect(handles()).toBe(before);
    child.disconnect();
    await child.outcome;
  });

  test('may be the fd of a file, where it is messages alone: Node ends when it takes one', async () => {
    const child = abusing('fd of a file', alone);
    expect(await new Promise((resolve) => child.once('message', resolve))).toBe('a message');
    child.disconnect();
    await child.outcome;
  });

  test('may be a server, as in Node', async () => {
    const child = fork(join(__dirname, '../../fixtures/process/sends-server.js'), { memory: '200M' });
    const [message, server] = await new Promise<unknown[]>((resolve) =>
      child.once('message', (...all) => resolve(all)),
    );
    expect(message).toBe('a server');
    expect(server).toBeInstanceOf(Server);
    (server as Server).close();
    child.disconnect();
    await child.outcome;
  });

  test('is messages alone in both directions, if it is told so', async () => {
    const child = abusing('well', alone);
    const server = new Server().listen(0);
    expect(() => child.send('a server', server)).toThrow(
      expect.objectContaining({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT', message: expect.stringContaining('ipcHandles') }),
    );
    server.close();
    child.kill('SIGKILL');
    await child.outcome;
  });
});
