import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { native } from 'memcage/native';
import { thrown } from '../../support/thrown';
import { block, until } from '../../support/until';

let directory: string;
let dirFd: number;
const file = (name: string): string => join(directory, name);
const textOf = (name: string): string => readFileSync(file(name), 'utf8');

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memcage-test-late-write-'));
  dirFd = native.openDirectory({ path: directory });
  for (const name of ['one', 'other']) writeFileSync(file(name), '');
});
afterEach(() => {
  native.closeFd({ fd: dirFd });
  rmSync(directory, { recursive: true });
});

const writeLater = (path: string, afterMs: number): number =>
  native.writeLater({ dirFd, path, value: 'THAWED', afterMs });

test('is made when it is due, while JavaScript is blocked, whatever else is pending', () => {
  const id = writeLater('other', 3_600_000);
  writeLater('one', 20);
  expect(block(() => textOf('one') === 'THAWED')).toBe(true);
  expect(textOf('other')).toBe('');
  native.dropLateWrite({ id });
});

test('is not made once it was dropped', async () => {
  native.dropLateWrite({ id: writeLater('one', 20) });
  writeLater('other', 60);
  await until('the other', () => textOf('other') === 'THAWED');
  expect(textOf('one')).toBe('');
});

test('is made at once where you want it, and not again', () => {
  const ids = [writeLater('one', 3_600_000), writeLater('other', 3_600_000)];
  const [, id = 0] = ids;
  native.makeLateWrite({ id });
  expect([textOf('one'), textOf('other')]).toEqual(['', 'THAWED']);
  writeFileSync(file('other'), '');
  native.makeLateWrite({ id });
  expect(textOf('other')).toBe('');
  for (const each of ids) native.dropLateWrite({ id: each });
});

test('is made when its thread is terminated, the newest first, even if it was refused before', async () => {
  execFileSync('mkfifo', [file('pipe')]);
  const opened = (): number => openSync(file('pipe'), constants.O_RDONLY | constants.O_NONBLOCK);
  const reader = opened();
  const code = `
    const { native } = require(${JSON.stringify(join(__dirname, '../../support/native/addons.js'))});
    const { parentPort } = require('node:worker_threads');
    const dirFd = native.openDirectory({ path: ${JSON.stringify(directory)} });
    const write = (value) => native.writeLater({ dirFd, path: 'pipe', value, afterMs: 3_600_000 });
    const ids = ['oldest ', 'newest '].map(write);
    parentPort.postMessage('set');
    parentPort.once('message', () => {
      try {
        native.makeLateWrite({ id: ids[1] });
      } catch ({ code }) {
        parentPort.postMessage(code);
      }
      for (;;);
    });`;
  const worker = new Worker(code, { eval: true });
  const said = () => new Promise((resolve) => worker.once('message', resolve));
  expect(await said()).toBe('set');
  closeSync(reader);
  worker.postMessage('make');
  expect(await said()).toBe('EPIPE');
  const fd = opened();
  try {
    await worker.terminate();
    const read = Buffer.alloc(100);
    expect(read.toString('latin1', 0, readSync(fd, read))).toBe('newest oldest ');
  } finally {
    closeSync(fd);
  }
});

test('is refused where the file can not be opened', () => {
  expect(thrown(() => writeLater('missing', 1))).toMatchObject({ code: 'ENOENT' });
});
