import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCage, type RunOptions, run } from 'memcage';
import { withCode } from '../../../support/error-code';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(120_000));

const FILTERED: RunOptions = { memory: '400M', privileges: { seccomp: 'default' } };

const WORKERS = `
  const { Worker } = require('node:worker_threads');
  const { execFile } = require('node:child_process');
  new Worker('require("node:worker_threads").parentPort.postMessage(1)', { eval: true }).once('message', () =>
    execFile('sh', ['-c', 'echo works'], (error, stdout) => process.stdout.write(error?.message ?? stdout)));`;
const NETWORK = `
  const net = require('node:net');
  const dgram = require('node:dgram');
  require('node:dns').lookup('localhost', (error) => {
    if (error) throw error;
    const server = net.createServer((socket) => socket.end('works\\n')).listen(0, 'localhost', () => {
      net.connect(server.address().port, 'localhost').on('close', () => server.close()).pipe(process.stdout);
    });
  });
  const udp = dgram.createSocket('udp4').bind(0, '127.0.0.1', () => udp.close());`;
const PYTHON = `
import multiprocessing, socket, subprocess, threading
thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
with multiprocessing.Pool(1) as pool: pool.map(abs, [-1])
socket.getaddrinfo('localhost', 80)
print(subprocess.check_output(['echo', 'works'], text=True), end='')`;

describeIf(['cgroup', 'root', 'seccomp'], 'under the default filter', () => {
  expectNothingLeft(() => run('true', { memory: '100M' }));
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-default-filter-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  testRows<[string, string, string[]]>(
    'usual programs work',
    [
      ['a pipeline', 'sh', ['-c', '(echo works; echo not) | sort -r | head -n 1']],
      ['children and worker threads of Node', process.execPath, ['-e', WORKERS]],
      ['the network of Node', process.execPath, ['-e', NETWORK]],
      ['a look-up of a name', 'sh', ['-c', 'getent ahosts localhost >/dev/null && echo works']],
      ['perl', 'perl', ['-e', 'print qx(echo works)']],
    ],
    async ([, file, args]) => {
      expect((await run(file, args, FILTERED)).stdout).toBe('works\n');
    },
    { name: ([what]) => what, limitMs: 60_000 },
  );

  testRows<[string, string, string[], string]>(
    'what it is for does not',
    [
      ['a namespace', 'unshare', ['-U', 'true'], 'Operation not permitted'],
      ['a mount', 'mount', ['-t', 'tmpfs', 'none', '/mnt'], 'permission denied|Operation not permitted'],
      ['a ping', 'perl', ['-MSocket', '-e', 'socket(my $s, PF_INET, SOCK_RAW, 1) or die $!'], 'Protocol not supported'],
      ['netlink', 'perl', ['-e', 'socket(my $s, 16, 3, 0) or die $!'], 'Address family not supported'],
      ['interfaces', process.execPath, ['-e', 'os.networkInterfaces()'], 'uv_interface_addresses'],
    ],
    async ([, file, args, message]) => {
      const { exitCode, stderr } = await run(file, args, { ...FILTERED, reject: false });
      expect(exitCode).not.toBe(0);
      expect(stderr).toMatch(new RegExp(message));
    },
    { name: ([what]) => what },
  );

  test('a cage and its child may both have it, and a child no other one', async () => {
    await using cage = createCage({ memory: '100M', privileges: { seccomp: 'default' } });
    expect(
      await cage.run('true', [], FILTERED.privileges === undefined ? {} : { privileges: FILTERED.privileges }),
    ).toMatchObject({ exitCode: 0 });
    const other = cage.run('true', [], { privileges: { seccomp: Uint8Array.of(6, 0, 0, 0, 0, 0, 255, 127) } });
    await expect(other).rejects.toEqual(withCode('INVALID_ARGUMENT', 'whose cage has another seccomp filter'));
  });

  describeIf('gcc', 'with a compiler', () => {
    test('C is compiled and run, with threads', async () => {
      const source = join(directory, 'threads.c');
      writeFileSync(
        source,
        `#include <pthread.h>
         #include <stdio.h>
         static void *work(void *text) { puts(text); return 0; }
         int main(void) { pthread_t thread; return pthread_create(&thread, 0, work, "works") || pthread_join(thread, 0); }`,
      );
      const program = join(directory, 'threads');
      await run('gcc', ['-pthread', '-o', program, source], FILTERED);
      expect((await run(program, [], FILTERED)).stdout).toBe('works\n');
    });
  });

  describeIf('python3', 'with Python', () => {
    test('its processes and threads work', async () => {
      expect((await run('python3', ['-c', PYTHON], FILTERED)).stdout).toBe('works\n');
    });
  });

  describeIf('chromium', 'with Chromium', () => {
    test('a page is drawn without its own sandbox', async () => {
      const flags = [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        `--user-data-dir=${directory}/chromium`,
        '--dump-dom',
      ];
      const { stdout } = await run('chromium', [...flags, 'data:text/html,<p>works</p>'], {
        ...FILTERED,
        memory: '1G',
        timeout: patience(90_000),
      });
      expect(stdout).toContain('<p>works</p>');
    });
  });
});
