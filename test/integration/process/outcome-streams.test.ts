import { type Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, spawn } from 'memcage';
import { expectNothingLeft } from '../../support/nothing-left';
import { isAlive } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

/** No more than a pipe holds, so that the child ends before it is read. */
const BYTES = 150_000;
const WRITES: [string, string[]] = ['sh', ['-c', `head -c ${BYTES} /dev/zero`]];

/** Starts to read to the end, at its own speed. Returns a function that says how much it has read. */
type Reader = (stdout: Readable) => () => number;

const readers: [string, Reader][] = [
  [
    'a listener',
    (stdout) => {
      let bytes = 0;
      stdout.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      return () => bytes;
    },
  ],
  [
    'a slow iteration',
    (stdout) => {
      let bytes = 0;
      void (async () => {
        for await (const chunk of stdout) {
          bytes += (chunk as Buffer).length;
          await sleep(20);
        }
      })();
      return () => bytes;
    },
  ],
  [
    'a pipe to a slow writer',
    (stdout) => {
      let bytes = 0;
      const slow = new Writable({
        highWaterMark: 1024,
        write(chunk: Buffer, _, done) {
          setTimeout(() => {
            bytes += chunk.length;
            done();
          }, 20);
        },
      });
      stdout.pipe(slow);
      // Including what it has received but not begun to write.
      return () => bytes + slow.writableLength;
    },
  ],
];

describeIf('cgroup', 'the outcome', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  testRows('waits for what is read by', readers, async ([, read]) => {
    const child = spawn(...WRITES, { memory: '20M' });
    const bytes = read(child.stdout);
    await child.outcome;
    expect(bytes()).toBe(BYTES);
  });

  testRows<[string, (stdout: Readable) => void]>(
    'does not wait for a pipe that another process holds, and that',
    [
      ['nobody reads', () => {}],
      ['is destroyed', (stdout) => void stdout.destroy()],
    ],
    async ([, use]) => {
      const child = spawn('sh', ['-c', 'sleep 60 2>/dev/null & echo $! >&2']);
      use(child.stdout);
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      await child.outcome;
      const holder = Number(said);
      expect(isAlive(holder)).toBe(true);
      process.kill(holder, 'SIGKILL');
      child.stdout.destroy();
    },
  );
});
