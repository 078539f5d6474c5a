import { constants } from 'node:os';
import { textOf } from '../../../../lib/common/errors/words';
import type { NamespaceFacts } from '../../../../lib/process/namespaces/namespace-facts';
import { explainNamespaceRefusal } from '../../../../lib/start/refusals/namespace-refusal';
import type { Stage } from '../../../../types/native';
import { NO_FACTS } from '../../../support/roots/namespace-facts';
import { testRows } from '../../../support/rows';

const { EACCES, EINVAL, EIO, ENOSPC, EPERM } = constants.errno;
const EUSERS = 87;

interface Case {
  stage?: Stage;
  errno?: number;
  path?: string;
  output?: string | undefined;
  wanted?: string[];
  facts?: Partial<NamespaceFacts>;
}

function explain({ stage = 'clone', errno = EPERM, path = '', output, wanted = ['user', 'pid'], facts }: Case) {
  const failure = { stage, errno: -errno, path, ...(output !== undefined && { output }) };
  const { code, message } = explainNamespaceRefusal(failure, wanted, { ...NO_FACTS, ...facts });
  return `${code.replace('ERR_MEMCAGE_', '')}: ${textOf(message)}`;
}

describe('limits', () => {
  it.each([ENOSPC, EUSERS])('errno %d: one that is 0 is named, with the cure', (errno) => {
    const forbidding = { user: '/proc/sys/user/max_user_namespaces', net: '/proc/sys/user/max_net_namespaces' };
    expect(explain({ errno, facts: { forbidding } })).toMatch(
      /^NAMESPACE_LIMIT: .*: \/proc\/sys\/user\/max_user_namespaces is 0: root can write/,
    );
  });

  it('a cgroup namespace, which is made later, has only its own', () => {
    const forbidding = { user: 'FILE OF USER', cgroup: 'FILE OF CGROUP' };
    const text = explain({
      stage: 'cgroup-namespace',
      errno: ENOSPC,
      wanted: ['user', 'cgroup'],
      facts: { forbidding },
    });
    expect(text).toContain('FILE OF CGROUP is 0');
    expect(text).not.toContain('FILE OF USER');
  });

  it('one that is reached; outer ones and the depth only where there can be any', () => {
    expect(explain({ errno: ENOSPC })).toMatch(/^NAMESPACE_LIMIT: .*max_\*_namespaces is reached: root/);
    expect(explain({ errno: ENOSPC, facts: { isNested: true } })).toMatch(/^NAMESPACE_LIMIT: .*around it.*\(32\)/);
  });
});

describe('what keeps a user from user namespaces', () => {
  const reasons: [what: string, facts: Partial<NamespaceFacts>, cure: RegExp][] = [
    ['the sysctl of Debian', { sysctlForbids: true }, /`sysctl kernel.unprivileged_userns_clone=1`/],
    ['AppArmor', { apparmorRestricts: true }, /profile with `userns,`.*`sysctl kernel.apparmor_restrict_.*=0`/],
    ['a chroot', { isChrooted: true }, /chroot.*pivot_root/],
    ['a seccomp filter', { hasSeccompFilter: true }, /seccomp=unconfined/],
    ['something else', {}, /security module/],
  ];

  testRows('each reason is named, with the cure', reasons, ([, facts, cure]) => {
    for (const errno of [EPERM, EACCES]) {
      expect(explain({ errno, facts })).toMatch(/^USER_NAMESPACE: /);
      expect(explain({ errno, facts })).toMatch(cure);
    }
  });

  const later = ['id-maps', 'cgroup-namespace', 'hostname', 'mounts', 'proc', 'loopback'] as const;

  testRows('AppArmor, at each stage after the clone, which has worked', later, (stage) => {
    const text = explain({
      stage,
      path: stage === 'id-maps' ? '/proc/self/uid_map' : '',
      facts: { apparmorRestricts: true },
    });
    expect(text).toMatch(/^USER_NAMESPACE: .*AppArmor/);
  });

  it('no restriction on others than the unprivileged', () => {
    const facts = { isPrivileged: true, apparmorRestricts: true, sysctlForbids: true };
    expect(explain({ facts })).not.toMatch(/AppArmor|unprivileged_userns_clone/);
  });

  it('is not to blame when no user namespace was wanted', () => {
    const text = explain({
      wanted: ['pid'],
      facts: { apparmorRestricts: true, sysctlForbids: true, isChrooted: true },
    });
    expect(text).toMatch(/^NAMESPACE: .*\(pid\): CAP_SYS_ADMIN.*`namespaces.user`/);
  });
});

describe('newuidmap', () => {
  const program = { stage: 'id-maps', path: '/usr/bin/newuidmap', output: 'newuidmap: no!' } as const;
  const cures: [what: string, facts: Partial<NamespaceFacts>, cure: RegExp][] = [
    ['no_new_privs', { hasNoNewPrivileges: true }, /no_new_privs/],
    ['AppArmor', { apparmorRestricts: true }, /AppArmor/],
    ['something else', {}, /setuid root/],
  ];

  testRows('what it says, and the cure', cures, ([, facts, cure]) => {
    const text = explain({ ...program, facts });
    expect(text).toMatch(/^ID_MAP_REFUSED: newuidmap did not map the ids \(newuidmap: no!\): /);
    expect(text).toMatch(cure);
  });

  it('an errno where it said nothing', () => {
    expect(explain({ ...program, output: undefined })).toContain('(EPERM)');
  });
});

describe('the rest', () => {
  it('a /proc that containers hide parts of', () => {
    expect(explain({ stage: 'proc', path: '/proc' })).toMatch(/^NAMESPACE: .*systempaths=unconfined/);
    expect(explain({ stage: 'proc', path: '/proc', wanted: ['pid', 'mount'] })).toMatch(
      /^NAMESPACE: .*\(proc\): EPERM/,
    );
  });

  testRows<[string, Case, RegExp]>(
    'is told as it is',
    [
      ['a kernel without it', { errno: EINVAL }, /^NAMESPACE: This kernel lacks.*user, pid/],
      ['a step in it', { stage: 'hostname', errno: EINVAL }, /^NAMESPACE: .*\(hostname\): EINVAL/],
      ['anything else', { errno: EIO }, /^SPAWN: .*EIO/],
    ],
    ([, given, message]) => {
      expect(explain(given)).toMatch(message);
    },
  );
});
