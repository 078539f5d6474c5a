import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as LoadNativeModule from '../../../../lib/common/addon/load-native';
import { openLocked } from '../../../../lib/jobs/budget/learning/saving-lock';

const { loadNative } = jest.requireActual<typeof LoadNativeModule>('../../../../lib/common/addon/load-native');

/** What others do between our open of the file and our try for its lock: the first time, the second time ... */
let meanwhile: (() => void)[];

jest.mock('../../../../lib/common/addon/load-native', () => ({
  loadNative: () => ({
    tryLock(options: { fd: number }) {
      meanwhile.shift()?.();
      return loadNative().tryLock(options);
    },
  }),
}));

let directory: string;
let saved: string;
let saving: string;
/** The other's fd. */
let theirs: number | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memcage-saving-'));
  saved = join(directory, 'limits.json');
  saving = `${saved}.saving`;
});
afterEach(() => {
  ends();
  rmSync(directory, { recursive: true });
});

function locks(): void {
  theirs = openSync(saving, 'w+');
  expect(loadNative().tryLock({ fd: theirs })).toBe(true);
}

function saves(): void {
  writeFileSync(saving, 'theirs');
  renameSync(saving, saved);
  ends();
}

function ends(): void {
  if (theirs !== undefined) closeSync(theirs);
  theirs = undefined;
}

const waits = (): void => {};

test.each<[string, { before?: () => void; next: (() => void)[] }]>([
  ['has saved when we try for the lock', { before: locks, next: [saves, waits] }],
  [
    'has saved then, and a third one has the lock',
    { before: locks, next: [() => [saves(), locks()], waits, saves, waits] },
  ],
  ['saves while we wait', { before: locks, next: [waits, waits, saves, waits] }],
  ['is killed while we wait', { before: locks, next: [waits, ends] }],
  ['has locked before us the file that we have made', { next: [locks, saves, waits] }],
])('who has the lock may write, and takes nothing from another one who %s', async (_, { before, next }) => {
  before?.();
  meanwhile = [...next];
  const handle = await openLocked(saving);
  try {
    expect(meanwhile).toEqual([]);
    expect(fstatSync(handle.fd).ino).toBe(statSync(saving).ino);
    const other = openSync(saving, 'r+');
    expect(loadNative().tryLock({ fd: other })).toBe(false);
    closeSync(other);
    await handle.writeFile('ours');
    if (next.includes(saves)) expect(readFileSync(saved, 'utf8')).toBe('theirs');
  } finally {
    await handle.close();
  }
});
