import type { NamespaceFacts } from '../../../../lib/process/namespaces/namespace-facts';
import type { NamespaceKind } from '../../../../lib/process/namespaces/namespaces';
import { foreseeRefusal } from '../../../../lib/start/refusals/foreseen-refusal';
import { NO_FACTS } from '../../../support/roots/namespace-facts';
import { testRows } from '../../../support/rows';

function foresee(wanted: NamespaceKind[], facts: Partial<NamespaceFacts>, mapsItself = true): string {
  const failure = foreseeRefusal(wanted, { ...NO_FACTS, ...facts }, { mapsItself });
  if (failure === undefined) return 'nothing';
  const names: Record<number, string> = { [-1]: 'EPERM', [-13]: 'EACCES', [-22]: 'EINVAL', [-28]: 'ENOSPC' };
  return `${failure.stage} ${names[failure.errno]}`;
}

const root = { isPrivileged: true };

testRows<[string, NamespaceKind[], Partial<NamespaceFacts>, string]>(
  'what the kernel would refuse',
  [
    ['with all rights', ['pid', 'cgroup'], root, 'nothing'],
    ['without rights', ['pid', 'cgroup'], {}, 'clone EPERM'],
    ['without rights, for what the child makes', ['cgroup'], {}, 'cgroup-namespace EPERM'],
    ['a user namespace gives rights', ['pid', 'cgroup', 'user'], {}, 'nothing'],
    ['rights come before limits', ['pid'], { forbidding: { pid: 'FILE' } }, 'clone EPERM'],
    ['a limit', ['pid', 'uts'], { ...root, forbidding: { uts: 'FILE' } }, 'clone ENOSPC'],
    ['a limit on another kind', ['pid'], { ...root, forbidding: { uts: 'FILE' } }, 'nothing'],
    [
      'a limit on what the child makes',
      ['pid', 'cgroup'],
      { ...root, forbidding: { cgroup: 'FILE' } },
      'cgroup-namespace ENOSPC',
    ],
    ['a kind that this kernel lacks', ['time'], { ...root, lacking: ['time'] }, 'clone EINVAL'],
    ['the same, without user namespaces', ['user'], { lacking: ['user'] }, 'clone EINVAL'],
    ['no cgroup namespaces', ['cgroup'], { ...root, lacking: ['cgroup'] }, 'cgroup-namespace EINVAL'],
    ['a limit on user namespaces', ['user', 'pid'], { forbidding: { user: 'FILE' } }, 'clone ENOSPC'],
    ["Debian's setting", ['user'], { sysctlForbids: true, forbidding: { user: 'FILE' } }, 'clone EPERM'],
    ["Debian's setting, for root", ['user'], { ...root, sysctlForbids: true }, 'nothing'],
    ['a chroot', ['user'], { ...root, isChrooted: true }, 'clone EPERM'],
    ['a chroot, without a user namespace', ['pid'], { ...root, isChrooted: true }, 'nothing'],
    ['a user without a number', ['user'], { isUnmapped: true }, 'clone EPERM'],
    ["Ubuntu's setting", ['user'], { apparmorRestricts: true, isUnconfined: true }, 'id-maps EPERM'],
    ["Ubuntu's setting, with a profile", ['user'], { apparmorRestricts: true }, 'nothing'],
    ["Ubuntu's setting, for root", ['user'], { ...root, apparmorRestricts: true, isUnconfined: true }, 'nothing'],
  ],
  ([, wanted, facts, expected]) => expect(foresee(wanted, facts)).toBe(expected),
  { name: ([title]) => title },
);

test('what newuidmap would say is not foreseen', () => {
  expect(foresee(['user'], { apparmorRestricts: true, isUnconfined: true }, false)).toBe('nothing');
});
