import { closeSync, openSync } from 'node:fs';
import { createCage, run, type SharedCage } from 'memcage';
import { cagesOf, openCages, version } from '../../support/cgroups/cgroup-tree';
import { cagesLeft, expectNothingLeft, removeOwners } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

type Hook = () => Promise<void>;

/** What expectNothingLeft() would have Jest do around each test. */
function hooksOf(declare: () => void): { before: Hook; after: Hook } {
  const replaced = (['beforeAll', 'beforeEach', 'afterEach', 'afterAll'] as const).map((name) =>
    jest.spyOn(globalThis, name),
  );
  for (const each of replaced) each.mockImplementation(() => {});
  declare();
  const [, before, after] = replaced.map((each) => each.mock.calls[0]?.[0] as Hook);
  for (const each of replaced) each.mockRestore();
  return { before: async () => before?.(), after: async () => after?.() };
}

type Plant = readonly [what: string, take: () => () => unknown, seen: string];

const openFd = (path: string) => (): (() => void) => {
  const fd = openSync(path, 'r');
  return () => closeSync(fd);
};

const PLANTS: readonly Plant[] = [
  ['an fd', openFd('/dev/zero'), '/dev/zero'],
  // memcage keeps one of it itself, and on v2 another one, which it may open later.
  [
    'more fds of a cage root than memcage keeps',
    () => {
      const close = Array.from({ length: version }, () => openFd(rootOfThis())());
      return () => close.forEach((each) => void each());
    },
    '/memcage-',
  ],
  [
    'a cage',
    () => {
      const cage: SharedCage = createCage({ memory: '20M' });
      return () => cage.close();
    },
    '/memcage-',
  ],
];

function rootOfThis(): string {
  return cagesOf(process.pid).find((path) => /\/memcage-\d+-[0-9a-f]+$/.test(path)) ?? '';
}

describeIf('cgroup', 'what a test leaves', () => {
  const warmUp = () => run('true', { memory: '8M' });
  const { before, after } = hooksOf(() => expectNothingLeft(warmUp));
  // What was planted stays, however long one waits.
  const soon = hooksOf(() => expectNothingLeft(warmUp, { longestMs: 1 }));
  beforeAll(warmUp);
  afterAll(removeOwners);

  test('is nothing if it gives back all that it takes, and memcage keeps what it needs', async () => {
    await before();
    await run('true', { memory: '8M' });
    await createCage({ memory: '20M' }).close();
    await after();
  });

  // One cage alone is the one that is ready.
  const isReady = (what: string): boolean => what !== 'a cage' || openCages().length > 0;

  testRows('is seen', PLANTS, async ([what, take, seen]) => {
    await until('nothing is left, and a cage ready', () => cagesLeft().length === 0 && isReady(what));
    await soon.before();
    const giveBack = take();
    await expect(soon.after()).rejects.toThrow(seen);
    await giveBack();
  });
});
