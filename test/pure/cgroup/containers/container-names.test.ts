import { conmonName, dockerDirectories, isContainerName } from '../../../../lib/cgroup/containers/container-names';
import { parseMounts } from '../../../../lib/cgroup/names/mount-info';
import { testRows } from '../../../support/rows';

const ID = '3b9f1c64d7a258e0c1f4a6b8d2e97053c8a1f6e4b7d09325ae4c8f1b6d3e7a90';
const OTHER = ID.replace(/^./, 'f');

describe('what can be a name', () => {
  testRows('words, numbers and what joins them', ['web', 'web-1.blue_2', 'A', '3b9f1c64d7a2'], (name) =>
    expect(isContainerName(name)).toBe(true),
  );
  testRows('not what a path, an option or an id can be', ['', '-web', '.web', 'a b', 'ä', ID], (name) =>
    expect(isContainerName(name)).toBe(false),
  );
});

describe('conmon', () => {
  const cmdline = (...args: string[]) => `${args.join('\0')}\0`;
  const started = ['/usr/bin/conmon', '--api-version', '1', '-c', ID, '-u', ID, '-r', '/usr/bin/crun', '-n', 'web'];

  it('tells the name of its container', () => {
    const exit = ['--exit-command-arg', '-n', '--exit-command-arg', 'other'];
    expect(conmonName(ID, cmdline(...started, ...exit))).toBe('web');
    expect(conmonName(ID, cmdline('conmon', '--cid', ID, '--name', 'web'))).toBe('web');
  });

  it('tells nothing of others, nor without a name', () => {
    expect(conmonName(OTHER, cmdline(...started))).toBeUndefined();
    expect(conmonName(ID, cmdline(...started.slice(0, -2)))).toBeUndefined();
    expect(conmonName(ID, cmdline('conmon', '-n', 'web'))).toBeUndefined();
    expect(conmonName(ID, cmdline('/sbin/init', ...started.slice(1)))).toBeUndefined();
    expect(conmonName(ID, '')).toBeUndefined();
  });
});

describe("Docker's directory of a container", () => {
  const own = parseMounts(`
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 27 0:40 /@data/docker /var/lib/docker rw,relatime - btrfs /dev/sdb rw,subvol=/@data/docker
41 27 0:40 /@elsewhere /mnt rw,relatime - btrfs /dev/sdb rw,subvol=/@elsewhere
`);
  const mountedFrom = (device: string, root: string, at = '/etc/hostname') =>
    parseMounts(`131 114 ${device} ${root} ${at} rw,relatime - ext4 /dev/vda rw`);

  it('is where its /etc/hostname is mounted from', () => {
    const container = [
      ...mountedFrom('0:39', '/', '/'),
      ...mountedFrom('254:0', `/srv/docker/containers/${ID}/resolv.conf`, '/etc/resolv.conf'),
      ...mountedFrom('254:0', `/srv/docker/containers/${ID}/hostname`),
    ];
    expect(dockerDirectories(ID, container, own)).toEqual([`/srv/docker/containers/${ID}`]);
  });

  it('is sought where that file system is mounted here', () => {
    const container = mountedFrom('0:40', `/@data/docker/containers/${ID}/hosts`, '/etc/hosts');
    expect(dockerDirectories(ID, container, own)).toEqual([`/var/lib/docker/containers/${ID}`]);
    expect(dockerDirectories(ID, mountedFrom('0:41', `/containers/${ID}/hosts`), own)).toEqual([]);
  });

  it('is beside that of the container whose network it shares', () => {
    const container = mountedFrom('254:0', `/var/lib/docker/containers/${OTHER}/hosts`, '/etc/hosts');
    expect(dockerDirectories(ID, container, own)).toEqual([`/var/lib/docker/containers/${ID}`]);
  });

  it('is not told by other mounts', () => {
    const volume = mountedFrom('254:0', `/var/lib/docker/volumes/${ID}/_data`, '/etc');
    expect(dockerDirectories(ID, volume, own)).toEqual([]);
  });
});
