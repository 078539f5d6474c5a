import { type KernelReport, type PossibleVictim, withChild } from '../../../../lib/start/child/kernel-report';
import { testRows } from '../../../support/rows';

const CHILD: PossibleVictim = { pid: 71, file: '/bin/node', signal: 'SIGKILL', timeNs: 10e9, wasKilled: false };
const OOM = { cause: 'limit', kills: 1, limitBytes: 1, path: '/a', victims: null } as const;

testRows<[string, Partial<PossibleVictim>, Partial<KernelReport>, boolean]>(
  'the child is the victim whom nobody has named',
  [
    ['where only the kernel can have killed it', {}, { killNs: 9.9e9 }, true],
    ['where it is not known when the kernel killed', {}, {}, true],
    ['not where it lived on after that', {}, { killNs: 8e9 }, false],
    ['not where memcage killed it', { wasKilled: true }, {}, false],
    ['not where it ended otherwise', { signal: 'SIGTERM' }, {}, false],
    ['not where the victims are known', {}, { oom: { ...OOM, victims: [] } }, false],
    ['not without a kill', {}, { oom: null }, false],
  ],
  ([, child, known, expected]) => {
    const report = { oom: OOM, ...known } as unknown as KernelReport;
    const victims = withChild(report, { ...CHILD, ...child }).oom?.victims ?? [];
    expect(victims.map(({ pid }) => pid)).toEqual(expected ? [71] : []);
  },
);
