import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

const writeLater = (path: string, afterMs: number): void =>
  native.writeLater({ dirFd, path, value: 'THAWED', afterMs });

test('is made when it is due, while JavaScript is blocked', () => {
  writeLater('one', 20);
  expect(block(() => textOf('one') === 'THAWED')).toBe(true);
});

test('is not made once it was dropped', async () => {
  writeLater('one', 20);
  native.dropLateWrite();
  writeLater('other', 60);
  await until('the other', () => textOf('other') === 'THAWED');
  expect(textOf('one')).toBe('');
});

test('is made at once when there is another', () => {
  writeLater('one', 3_600_000);
  writeLater('other', 3_600_000);
  expect([textOf('one'), textOf('other')]).toEqual(['THAWED', '']);
  native.dropLateWrite();
});

test('is made when its thread is terminated', async () => {
  const code = `
    const { native } = require(${JSON.stringify(join(__dirname, '../../support/native/addons.js'))});
    const dirFd = native.openDirectory({ path: ${JSON.stringify(directory)} });
    native.writeLater({ dirFd, path: 'one', value: 'THAWED', afterMs: 3_600_000 });
    require('node:worker_threads').parentPort.postMessage('set');
    for (;;);`;
  const worker = new Worker(code, { eval: true });
  await new Promise((resolve) => worker.once('message', resolve));
  expect(textOf('one')).toBe('');
  await worker.terminate();
  expect(textOf('one')).toBe('THAWED');
});

test('is refused where the file can not be opened', () => {
  expect(thrown(() => writeLater('missing', 1))).toMatchObject({ code: 'ENOENT' });
});
