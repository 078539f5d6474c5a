import { containerCure, identifyContainer } from '../../../../lib/cgroup/names/container';
import { kernelText } from '../../../support/cgroups/kernel-text';
import { testRows } from '../../../support/rows';

const ID = '3b9f1c64d7a258e0c1f4a6b8d2e97053c8a1f6e4b7d09325ae4c8f1b6d3e7a90';

function identify(files: Record<string, string>, environment: Record<string, string> = {}) {
  return identifyContainer({
    environment,
    exists: (path) => path in files,
    read: (path) => files[path],
  });
}

describe('identifyContainer', () => {
  testRows<[string, Record<string, string>, Record<string, string>, string, string]>(
    'by its files and cgroup',
    [
      ['Docker', { '/.dockerenv': '' }, {}, 'docker', '/.dockerenv'],
      ['Podman', { '/run/.containerenv': '' }, {}, 'podman', '/run/.containerenv'],
      [
        'Kubernetes, whatever is below',
        { '/.dockerenv': '', '/run/.containerenv': '' },
        { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
        'kubernetes',
        'KUBERNETES_SERVICE_HOST',
      ],
      [
        'Kubernetes without service links',
        { '/var/run/secrets/kubernetes.io': '' },
        {},
        'kubernetes',
        '/var/run/secrets/kubernetes.io',
      ],
      ['systemd in LXC', { '/run/systemd/container': 'lxc\n' }, {}, 'lxc', '/run/systemd/container (container=lxc)'],
      [
        'LXC without systemd',
        { '/proc/1/environ': 'A=b\0container=lxc\0C=d\0' },
        {},
        'lxc',
        '/proc/1/environ (container=lxc)',
      ],
      [
        'systemd-nspawn',
        { '/run/host/container-manager': 'systemd-nspawn\n' },
        {},
        'systemd-nspawn',
        '/run/host/container-manager (container=systemd-nspawn)',
      ],
      ['another manager', { '/run/systemd/container': 'rkt' }, {}, 'unknown', '/run/systemd/container (container=rkt)'],
      [
        'Docker by its cgroup',
        { '/proc/self/cgroup': kernelText('docker-v1/cgroup') },
        {},
        'docker',
        `cgroup /docker/7f1d2c0a9e3b4d5f60718293a4b5c6d7e8f9a0b1c2d3e4f5061728394a5b6c7d`,
      ],
      [
        'CRI-O by its cgroup',
        { '/proc/self/cgroup': `0::/kubepods.slice/crio-${ID}.scope/x\n` },
        {},
        'kubernetes',
        `cgroup /kubepods.slice/crio-${ID}.scope/x`,
      ],
      [
        'a container of something',
        { '/proc/self/cgroup': `0::/garden/${ID}\n` },
        {},
        'unknown',
        `cgroup /garden/${ID}`,
      ],
    ],
    ([, files, environment, kind, evidence]) => {
      expect(identify(files, environment)).toEqual({ kind, evidence });
    },
  );

  testRows('finds none on a machine', ['hybrid', 'systemd-hybrid', 'v2-systemd'], (name) => {
    const files = { '/proc/self/cgroup': kernelText(`${name}/cgroup`), '/proc/1/environ': 'HOME=/\0containers=3\0' };
    expect(identify(files)).toBeUndefined();
  });

  test('nothing can be read', () => {
    expect(identify({})).toBeUndefined();
  });
});

describe('containerCure', () => {
  testRows<[Parameters<typeof containerCure>[0], 1 | 2, RegExp]>(
    'says what to do, by engine and version',
    [
      ['docker', 2, /Docker.*--security-opt writable-cgroups=true.*--privileged/],
      ['docker', 1, /Docker.*--cgroupns=host -v \/sys\/fs\/cgroup:\/sys\/fs\/cgroup:rw/],
      ['podman', 2, /Podman.*--security-opt unmask=\/sys\/fs\/cgroup/],
      ['podman', 1, /Podman.*--privileged/],
      ['kubernetes', 2, /Kubernetes.*cgroup_writable.*cgroup2-mount-hierarchy-rw.*privileged: true/],
      ['kubernetes', 1, /Kubernetes.*privileged: true/],
      ['unknown', 2, /in a container.*writable mount/],
      [undefined, 2, /let root run "mount -o remount,bind,rw '\/sys\/fs\/cgroup\/a b'"$/],
    ],
    ([kind, version, expected]) => {
      const cure = containerCure(kind, { version, mountPoint: '/sys/fs/cgroup/a b' });
      expect(cure).toMatch(expected);
      if (version === 1) expect(cure).not.toMatch(/writable-cgroups|unmask|cgroup_writable/);
      // A clause that ends a message, without a full stop.
      expect(cure).toMatch(/^[a-z].*[^.\s]$/);
    },
  );
});
