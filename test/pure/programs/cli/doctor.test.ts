import type { Diagnosis, Finding } from '../../../../lib/machine';
import { reportOf } from '../../../../lib/programs/cli/commands/doctor/report';
import { colorsOf } from '../../../../lib/programs/cli/text/style';

const PLAIN = { colors: colorsOf({}), columns: Number.POSITIVE_INFINITY };
const REMOUNT = 'let root remount it';

function finding(name: string, state: Finding['state'], detail: string, cure: string | null = null): Finding {
  return { name, state, detail, cure };
}

const good = (name: string): Finding => finding(name, 'ok', 'good');

function report(diagnosis: Diagnosis, all = false): string[] {
  return reportOf(diagnosis, { ...PLAIN, all })
    .trimEnd()
    .split('\n');
}

const READ_ONLY: Diagnosis = {
  works: false,
  findings: [
    good('kernel'),
    finding('cgroup', 'limited', 'cgroup v2, read-only', REMOUNT),
    finding('parent', 'missing', 'no cgroup can be the parent of cages'),
    finding('systemd', 'missing', 'no answer', 'log in'),
    finding('psi', 'limited', 'off', 'boot with psi=1'),
    finding('user', 'limited', 'children run as root', 'be another'),
    finding('trial', 'missing', 'Cages can not be made', REMOUNT),
    finding('polled', 'ok', 'memcage can poll'),
  ],
  parents: [
    { source: 'own', path: '/cg/a', refusal: 'it is read-only', cure: REMOUNT },
    { source: 'ancestor', path: '/cg', refusal: 'it is read-only', cure: REMOUNT },
    { source: 'systemd', path: 'unix:x', refusal: 'nobody answers', cure: 'log in' },
  ],
};

test('each cure is told once, below all that it cures', () => {
  expect(report(READ_ONLY)).toEqual([
    'memcage does not work here: there is no cgroup in which it may make cages',
    '',
    'limited  cgroup  cgroup v2, read-only',
    'missing  place   the cgroup of this process (/cg/a): it is read-only',
    'missing  place   a cgroup above it (/cg): it is read-only',
    `                 cure: ${REMOUNT}`,
    'missing  place   a scope from systemd (unix:x): nobody answers',
    '                 cure: log in',
    'ok       polled  memcage can poll',
    '',
    'memcage doctor --all prints everything that was looked at. Not listed: psi',
  ]);
});

test('what nobody needs who does not ask for it is named on the last line', () => {
  const diagnosis: Diagnosis = {
    works: true,
    findings: [
      finding('kernel', 'limited', 'old'),
      good('cgroup'),
      good('parent'),
      ...['uts', 'mount', 'pid'].map((kind) => good(`namespace.${kind}`)),
      finding('namespace.time', 'missing', 'this kernel has none'),
      finding('namespace.user', 'missing', 'the system allows none'),
      finding('psi', 'limited', 'off', 'boot with psi=1'),
      good('trial'),
      good('limit.pids'),
      finding('limit.cpu', 'limited', 'no controller', 'delegate it'),
    ],
    parents: [],
  };
  expect(report(diagnosis)).toEqual([
    'memcage works here, but for the limits cpu: good',
    '',
    'limited  limits  cpu: no controller',
    '                 cure: delegate it',
    '',
    'ok       limits      memory, pids',
    'ok       namespaces  uts, mount, pid',
    'ok       cgroup      good',
    'ok       parent      good',
    '',
    'memcage doctor --all prints everything that was looked at. Not listed: kernel; namespaces time, user; psi',
  ]);
  const all = report(diagnosis, true);
  expect(all[0]).toBe('memcage works here, but for the limits cpu: good');
  expect(all).toContain('missing  namespaces  time: this kernel has none');
  expect(all).toContain('                     cure: boot with psi=1');
});

test('a machine without cgroups or the addon is told why', () => {
  const addon = finding('addon', 'missing', 'it was built for another system', 'npm rebuild memcage');
  expect(report({ works: false, findings: [good('kernel'), addon], parents: [] })).toEqual([
    'memcage does not work here: it was built for another system',
    '',
    'missing  addon  it was built for another system',
    '                cure: npm rebuild memcage',
    '',
    'memcage doctor --all prints everything that was looked at',
  ]);
});
