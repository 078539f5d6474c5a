import { constants } from 'node:os';
import type { CageCgroup } from '../../../lib/cage/cgroup/cage-cgroup';
import { explainTooSmall } from '../../../lib/cage/limit-too-small';
import type { KillingLimit } from '../../../lib/cage/oom/killing-limit';
import { textOf } from '../../../lib/common/errors/words';

const { E2BIG, ENOMEM } = constants.errno;

/** In which nothing waits for memory right now. */
function cgroupOf(hit: KillingLimit | undefined, isKillerOff = false, underOom = false): CageCgroup {
  const monitor = { limitHit: () => hit, isKillerOff: () => isKillerOff, underOom: () => underOom };
  const report = { read: () => ({ limitBytes: hit?.limitBytes ?? null }) };
  return { memory: { path: '/cage' }, monitor, report, limitContext: { pageBytes: 4096 } } as unknown as CageCgroup;
}

function explained(cgroup: CageCgroup, errno: number): string | undefined {
  const told = explainTooSmall(cgroup, errno);
  return told && textOf(told);
}

const TOO_SMALL =
  'The limit of 64 KiB is too small for a program to be started in it. Cure: 1M is enough to start a small program; for one of Node 64M is recommended';

const own = (limitBytes: number): KillingLimit => ({ cause: 'limit', limitBytes, path: '/cage' });

test.each([
  ['no limit was hit', cgroupOf(undefined, true), undefined],
  ['used up', cgroupOf(own(16 << 20)), 'The limit of 16 MiB is used up: no program can be started in /cage'],
  [
    'used up, that of a cage around it',
    cgroupOf({ cause: 'ancestor', limitBytes: 16 << 20, path: '/around' }),
    'The limit of 16 MiB of /around, a cage around it, is used up: no program can be started in /cage',
  ],
  [
    'used up without an OOM killer, though whoever waits for memory is awake for a moment',
    cgroupOf(own(16 << 20), true),
    '/cage is out of memory and its OOM killer is off (memory.oomKill): nothing can be started in it',
  ],
  ['too small', cgroupOf(own(65536), true), TOO_SMALL],
])('why a program could not be started: %s', (_, cgroup, message) => {
  expect(explained(cgroup, -ENOMEM)).toBe(message);
});

test.each([
  ['a page is left', cgroupOf(own(16 << 20), true), undefined],
  [
    'none is left, since all wait for memory',
    cgroupOf(own(16 << 20), true, true),
    '/cage is out of memory and its OOM killer is off (memory.oomKill): nothing can be started in it',
  ],
  ['there never were many', cgroupOf(own(65536)), TOO_SMALL],
])('arguments and environment do not fit: %s', (_, cgroup, message) => {
  expect(explained(cgroup, -E2BIG)).toBe(message);
});
