import * as fc from 'fast-check';
import {
  type CgroupContainer,
  containerOf,
  matchCgroup,
  parseCgroupName,
} from '../../../../lib/cgroup/names/cgroup-name';
import { testRows } from '../../../support/rows';

const ID = '3b9f1c64d7a258e0c1f4a6b8d2e97053c8a1f6e4b7d09325ae4c8f1b6d3e7a90';
const UID = '1f0c9a52-7b3e-4d18-9c60-5a2b8e7f4d31';
const POD_ID = 'b1946ac92492d2347c6235b4d2611184a0b1c2d3e4f5061728394a5b6c7d8e9f';
const UID_IN_UNIT = UID.replaceAll('-', '_');
const POD_SLICE = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID_IN_UNIT}.slice`;

/** Where the drivers put a container: cgroupfs and systemd, v1 and v2. */
const SHAPES: [CgroupContainer['kind'], (id: string) => string][] = [
  ['docker', (id) => `/docker/${id}`],
  ['docker', (id) => `/system.slice/docker-${id}.scope`],
  ['docker', (id) => `/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${id}.scope`],
  ['docker', (id) => `/docker/0123456789abcdef/docker/${id}`],
  ['podman', (id) => `/machine.slice/libpod-${id}.scope`],
  ['podman', (id) => `/libpod_parent/libpod-${id}`],
  ['podman', (id) => `/libpod_parent/${id}`],
  ['podman', (id) => `/libpod_parent/${POD_ID}/libpod-${id}`],
  ['podman', (id) => `/machine.slice/machine-libpod_pod_${POD_ID}.slice/libpod-${id}.scope`],
  ['podman', (id) => `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope`],
  // --cgroups=split, as in the units of Quadlet.
  ['podman', (id) => `/system.slice/web.service/libpod-payload-${id}`],
  ['containerd', (id) => `${POD_SLICE}/cri-containerd-${id}.scope`],
  [
    'containerd',
    (id) => `/system.slice/containerd.service/kubepods-burstable-pod${UID_IN_UNIT}.slice:cri-containerd:${id}`,
  ],
  ['containerd', (id) => `/system.slice/nerdctl-${id}.scope`],
  // In a node of kind, whose kubelet has its own slice.
  [
    'containerd',
    (id) =>
      `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${UID_IN_UNIT}.slice/cri-containerd-${id}.scope`,
  ],
  ['docker', (id) => `${POD_SLICE}/docker-${id}.scope`],
  ['cri-o', (id) => `${POD_SLICE}/crio-${id}.scope`],
  ['cri-o', (id) => `/kubepods/besteffort/pod${UID}/crio-${id}`],
  ['unknown', (id) => `/kubepods/burstable/pod${UID}/${id}`],
  ['unknown', (id) => `/kubepods/pod${UID}/${id}`],
  ['unknown', (id) => `/default/${id}`],
  ['unknown', (id) => `/ecs/0123456789abcdef0123456789abcdef/${id}`],
];

describe('a container', () => {
  testRows(
    'is known by the path',
    SHAPES.map(([kind, path]) => [path(ID), kind]),
    ([path, kind]) => {
      expect(parseCgroupName(path)).toEqual({ kind, id: ID });
      const container = { kind, id: ID, shortId: ID.slice(0, 12), path };
      expect(containerOf(path)).toEqual(container);
      expect(containerOf(`${path}/init.scope/worker`)).toEqual(container);
    },
  );

  const hex = (length: number) =>
    fc
      .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
      .map((all) => all.join(''));

  it('is known by its id and by 4 or more digits of it, wherever it is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SHAPES), hex(64), fc.integer({ min: 1, max: 64 }), ([, path], id, length) => {
        const wanted = id.slice(0, length);
        const expected = length === 64 ? 'exact' : length >= 4 ? 'prefix' : undefined;
        expect(matchCgroup(path(id), wanted)).toBe(expected);
      }),
    );
  });

  it('is not known by the id of another one', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SHAPES), hex(64), hex(12), ([, path], id, other) => {
        fc.pre(!id.startsWith(other));
        expect(matchCgroup(path(id), other)).toBeUndefined();
        expect(matchCgroup(path(id), other + id.slice(12))).toBeUndefined();
        // The end or the middle of an id is not an id.
        expect(matchCgroup(path(id), id.slice(1))).toBeUndefined();
      }),
    );
  });

  it('is known by the name of its directory', () => {
    expect(matchCgroup(`/system.slice/docker-${ID}.scope`, `docker-${ID}.scope`)).toBe('exact');
  });
});

describe('a pod', () => {
  testRows(
    'is known by the path',
    [
      `/kubepods/burstable/pod${UID}`,
      `/kubepods/pod${UID}`,
      POD_SLICE,
      `/kubepods.slice/kubepods-pod${UID_IN_UNIT}.slice`,
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${UID_IN_UNIT}.slice`,
      `/kubelet/kubepods/besteffort/pod${UID}`,
      `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${UID_IN_UNIT}.slice`,
      `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod${UID_IN_UNIT}.slice`,
    ],
    (path) => {
      expect(parseCgroupName(path)).toEqual({ kind: 'pod', id: UID });
      expect(matchCgroup(path, UID)).toBe('exact');
      expect(matchCgroup(path, UID.slice(0, 12))).toBe('prefix');
      expect(matchCgroup(path, UID.slice(0, 3))).toBeUndefined();
      expect(matchCgroup(path, UID_IN_UNIT)).toBeUndefined();
    },
  );

  test('a static one has a hash for uid', () => {
    const hash = ID.slice(0, 32);
    expect(parseCgroupName(`/kubepods/pod${hash}`)).toEqual({ kind: 'pod', id: hash });
  });
});

describe('a pod of Podman', () => {
  testRows(
    'is known by the path',
    [
      `/libpod_parent/${POD_ID}`,
      `/machine.slice/machine-libpod_pod_${POD_ID}.slice`,
      `/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_${POD_ID}.slice`,
    ],
    (path) => {
      expect(parseCgroupName(path)).toEqual({ kind: 'podman', id: POD_ID });
      expect(matchCgroup(path, POD_ID.slice(0, 12))).toBe('prefix');
    },
  );
});

describe('others', () => {
  testRows<[string, CgroupContainer['kind'], string]>(
    'are known by the path',
    [
      ['/lxc.payload.web-1', 'lxc', 'web-1'],
      ['/lxc/web', 'lxc', 'web'],
      ['/lxc.payload/web', 'lxc', 'web'],
      ['/lxc/100', 'lxc', '100'],
      ['/user.slice/user-1000.slice/user@1000.service/lxc.payload.web', 'lxc', 'web'],
      ['/machine.slice/systemd-nspawn@debian.service', 'machine', 'debian'],
      ['/machine.slice/machine-debian.scope', 'machine', 'debian'],
      ['/machine.slice/machine-qemu\\x2d1\\x2dvm.scope', 'machine', 'qemu-1-vm'],
    ],
    ([path, kind, id]) => {
      expect(parseCgroupName(path)).toEqual({ kind, id });
      expect(matchCgroup(path, id)).toBe('exact');
      expect(matchCgroup(path, id.slice(0, -1))).toBeUndefined();
    },
  );

  test('any directory is known by its whole name', () => {
    expect(matchCgroup('/system.slice/sshd.service', 'sshd.service')).toBe('exact');
    expect(matchCgroup('/system.slice/sshd.service', 'sshd')).toBeUndefined();
    expect(matchCgroup('/system.slice/sshd.service', 'system.slice')).toBeUndefined();
  });

  test('a unit that looks like a file of the kernel', () => {
    expect(matchCgroup('/system.slice/_cpu.service', 'cpu.service')).toBe('exact');
    expect(matchCgroup('/system.slice/_cpu.service', '_cpu.service')).toBe('exact');
    expect(matchCgroup('/made/_by_hand', 'by_hand')).toBeUndefined();
  });

  testRows(
    'are no containers',
    [
      '',
      '/',
      '/system.slice/docker.service',
      `/machine.slice/libpod-conmon-${ID}.scope`,
      `/libpod_parent/libpod-conmon-${ID}`,
      `/system.slice/crio-conmon-${ID}.scope`,
      `/system.slice/docker-${ID.slice(1)}.scope`,
      `/docker/${ID}0`,
      `/docker/${ID.toUpperCase()}`,
      '/lxc.monitor.web',
      '/libpod_parent/conmon',
      '/system.slice/web.service/supervisor',
      `/machine.slice/machine-libpod_pod_${POD_ID.slice(1)}.slice`,
      '/lxc',
      '/kubepods.slice',
      '/kubepods/burstable',
      '/kubepods/podcast',
    ],
    (path) => {
      expect(parseCgroupName(path)).toBeUndefined();
      expect(containerOf(path)).toBeNull();
    },
  );

  test("the monitor of an LXC container has the container's name", () => {
    expect(matchCgroup('/lxc.monitor/web', 'web')).toBeUndefined();
    expect(matchCgroup('/lxc.payload/web', 'web')).toBe('exact');
  });

  test('the innermost container of a path', () => {
    const inner = ID.replace(/^./, 'f');
    expect(containerOf(`/docker/${ID}/docker/${inner}/x`)).toMatchObject({ kind: 'docker', id: inner });
    expect(containerOf('/user.slice/session-3.scope')).toBeNull();
    expect(containerOf('')).toBeNull();
    expect(() => containerOf(5 as never)).toThrow('for path');
  });
});
