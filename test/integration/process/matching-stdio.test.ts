import { closeSync, openSync, readFileSync, rmSync, stat } from 'node:fs';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pauseSync } from '../../../lib/common/event-loop/timers';
import { errorData, eventNames, follow, textOf } from '../../support/children/child-record';
import { HELD_MS, type Spawn, sameAsNode } from '../../support/children/stock-spawn';
import { patience } from '../../support/patience';

describe('stdio', () => {
  test('pipes both ways, 1 MiB', async () => {
    const sizes = await sameAsNode(async (spawn) => {
      const child = spawn('sh', ['-c', 'cat; echo problem >&2']);
      child.stdin?.end(Buffer.alloc(1024 * 1024, 'x'));
      const { stdout, stderr, events } = await follow(child);
      return { length: stdout?.length, stderr, events };
    });
    expect(sizes).toMatchObject({ length: 1024 * 1024, stderr: 'problem\n' });
  });

  describe('the last output of a child comes before its exit', () => {
    const orderOf = async (spawn: Spawn, script: string, beBusy: () => void): Promise<string[]> => {
      const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const seen: string[] = [];
      child.stdout?.once('data', () => seen.push('data'));
      child.once('exit', () => seen.push('exit'));
      const closed = new Promise((resolve) => child.once('close', resolve));
      beBusy();
      await closed;
      return seen;
    };

    test('if both are there when the event loop looks', async () => {
      const beBusy = (): void => pauseSync(patience(200));
      expect(await sameAsNode((spawn) => orderOf(spawn, 'echo last', beBusy))).toEqual(['data', 'exit']);
    });

    test('if both come when the event loop has looked, and before it asks its threads what they have', async () => {
      // The end of a stat() wakes the loop by the same descriptor as an event of the watcher's thread, and its callback runs
      // before that event is fetched. A child at a gate has got through by then.
      const beBusy = (): void =>
        void setTimeout(() => stat('/', () => pauseSync(patience(300))), HELD_MS + patience(20));
      const script = `sleep ${patience(100) / 1000}; echo last`;
      expect(await sameAsNode((spawn) => orderOf(spawn, script, beBusy))).toEqual(['data', 'exit']);
    });
  });

  test('the kinds of entries', async () => {
    for (const stdio of [
      'pipe',
      'ignore',
      'overlapped',
      ['pipe'],
      [null, undefined, 'ignore'],
      ['ignore', 'pipe', 'pipe', 'pipe'],
      ['ignore', 'overlapped', 'ignore', 'ignore', 'pipe'],
      ['pipe', 'pipe', 'inherit'],
      ['ignore', 'pipe', 2],
      ['ignore', 'pipe', process.stderr],
      ['ignore', -1, 'ignore'],
      [],
    ] as never[]) {
      await sameAsNode((spawn) => follow(spawn('sh', ['-c', 'exit 2'], { stdio })));
    }
  });

  test('what the child sees of them', async () => {
    const list = 'for fd in 0 2 4; do echo $fd $(readlink /proc/$$/fd/$fd | cut -d: -f1); done';
    const record = await sameAsNode((spawn) =>
      follow(spawn('sh', ['-c', list], { stdio: ['ignore', 'pipe', 'ignore', 'ignore', 'pipe'] })),
    );
    expect(record.stdout).toMatch(/^0 \/dev\/null$/m);
    expect(record.stdout).toMatch(/^2 \/dev\/null$/m);
    expect(record.stdout).toMatch(/^4 socket$/m);
  });

  test('0 to 2 are blocking in the child', async () => {
    const flags = 'for fd in 0 1 2; do grep flags /proc/self/fdinfo/$fd; done';
    const record = await sameAsNode((spawn) => follow(spawn('sh', ['-c', flags])));
    expect(record.stdout?.split('\n').filter((line) => Number.parseInt(line.slice(7), 8) & 0o4000)).toEqual([]);
  });

  test('a file by number and as a stream', async () => {
    const path = join(tmpdir(), `memcage-matching-${process.pid}`);
    try {
      await sameAsNode(async (spawn) => {
        const fd = openSync(path, 'w');
        const record = await follow(
          spawn('sh', ['-c', 'echo out; echo err >&2'], { stdio: ['ignore', fd, { fd } as never] }),
        );
        closeSync(fd);
        return { record, text: readFileSync(path, 'utf8') };
      });
    } finally {
      rmSync(path, { force: true });
    }
  });

  test('a stream of another child, which is then read no more here', async () => {
    const record = await sameAsNode(async (spawn) => {
      const source = spawn('sh', ['-c', 'sleep 0.05; echo from the source']);
      const sink = follow(spawn('cat', { stdio: [source.stdout as never, 'pipe', 'ignore'] }));
      return { record: await sink, flowing: source.stdout?.readableFlowing };
    });
    expect(record.record.stdout).toBe('from the source\n');
  });

  test('an extra pipe in both directions', async () => {
    const text = await sameAsNode(async (spawn) => {
      const child = spawn('sh', ['-c', 'head -n1 <&3 >&3'], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
      const stream = child.stdio[3] as net.Socket;
      stream.write('there and back\n');
      const [text] = await Promise.all([textOf(stream), follow(child)]);
      return text;
    });
    expect(text).toBe('there and back\n');
  });

  test('EOF comes when the last holder of the pipe ends, not with the child', async () => {
    const record = await sameAsNode(async (spawn) => {
      const child = spawn('sh', ['-c', '(sleep 0.1; echo late) & exit 0']);
      return follow(child);
    });
    expect(record.stdout).toBe('late\n');
    expect(eventNames(record.events)).toEqual(['spawn', 'exit', 'close']);
  });

  test('a child that closes its stdin early: EPIPE on the stream', async () => {
    await sameAsNode(async (spawn) => {
      const child = spawn('sh', ['-c', 'exec <&-; echo closed; exec sleep 60']);
      const problem = new Promise<Error>((resolve) => child.stdin?.on('error', resolve));
      child.stdout?.once('data', () => child.stdin?.write('x'));
      const { code, syscall } = errorData(await problem);
      child.kill('SIGKILL');
      await follow(child);
      return { code, syscall };
    });
  });
});
