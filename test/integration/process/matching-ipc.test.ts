import net from 'node:net';
import { resolve } from 'node:path';
import {
  disconnectLast,
  eventNames,
  fieldsOf,
  follow,
  recordEvents,
  textOf,
} from '../../support/children/child-record';
import { type Spawn, sameAsNode } from '../../support/children/stock-spawn';
import { patience } from '../../support/patience';
import { testRows } from '../../support/rows';

const fixture = (name: string): string => resolve(__dirname, '../../fixtures', name);

describe('IPC', () => {
  const conversation = async (spawn: Spawn, serialization: 'json' | 'advanced' | undefined) => {
    const options = { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] as never, ...(serialization && { serialization }) };
    const child = spawn(process.execPath, [fixture('ipc-echo.js')], options);
    const events = recordEvents(child);
    const before = fieldsOf(child);
    const said: unknown[] =
      serialization === 'advanced' ? [new Map([[1, new Date(0)]]), { big: 2n }] : [{ a: [1, null] }, 'text'];
    child.once('message', () => {
      for (const message of said) child.send(message as never);
      child.send('bye');
    });
    await new Promise((resolve) => child.once('close', resolve));
    child.disconnect();
    return { events: disconnectLast(events), before, after: fieldsOf(child) };
  };

  testRows('with each serialization', [undefined, 'json', 'advanced'] as const, async (serialization) => {
    const { events, before } = await sameAsNode((spawn) => conversation(spawn, serialization));
    expect(events[1]).toEqual(['message', { mode: null, fd: null }]);
    expect(eventNames(events)).toEqual([
      'spawn',
      'message',
      'message',
      'message',
      'exit',
      'close',
      'error',
      'disconnect',
    ]);
    expect(before).toMatchObject({ connected: true, channel: 'Control', send: 'function' });
  });

  test('the environment of the channel', async () => {
    const environment = await sameAsNode((spawn) =>
      follow(spawn('sh', ['-c', 'env | grep NODE_CHANNEL | sort'], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })),
    );
    expect(environment.stdout).toBe('NODE_CHANNEL_FD=3\nNODE_CHANNEL_SERIALIZATION_MODE=json\n');
  });

  test('disconnect by the parent', async () => {
    await sameAsNode(async (spawn) => {
      const child = spawn(process.execPath, ['-e', "process.on('message', () => {}); process.send(1)"], {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      });
      const events = recordEvents(child);
      child.once('message', () => child.disconnect());
      // Stock Node never emits 'close' after this.
      await Promise.all([new Promise((resolve) => child.once('exit', resolve)), textOf(child.stdout)]);
      await new Promise((resolve) => setTimeout(resolve, patience(20)));
      return { events, after: fieldsOf(child) };
    });
  });

  test('a listening server goes to the child', async () => {
    const text = await sameAsNode(async (spawn) => {
      const child = spawn(process.execPath, [fixture('ipc-server.js')], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      const server = net.createServer().listen(0);
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as net.AddressInfo;
      await new Promise((resolve) => child.send('server', server, resolve));
      server.close();
      const [text] = await Promise.all([textOf(net.connect(port)), follow(child)]);
      return text;
    });
    expect(text).toBe('from the child');
  });
});
