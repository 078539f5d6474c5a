import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const output = (...command: [string, ...string[]]): string =>
  execFileSync(command[0], command.slice(1), { encoding: 'utf8' }).trim();

const manager = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager'];

const ownCgroup = readFileSync('/proc/self/cgroup', 'utf8').trim();

describe('the session that the guest gives user 1000', () => {
  test('is of that user', () => {
    expect([process.getuid?.(), process.getgid?.()]).toEqual([1000, 1000]);
  });

  test('has a manager that answers, and knows the scope of this process', () => {
    // The other suite of this process moves it from one scope to another.
    const path = /^0::(.*\/(?:run|memcage)-[^/]*\.scope)/.exec(ownCgroup)?.[1] ?? '';
    const scope = path.slice(path.lastIndexOf('/') + 1);
    expect(
      output('systemctl', '--user', 'show', '--property=ActiveState,ControlGroup', scope).split('\n').sort(),
    ).toEqual(['ActiveState=active', `ControlGroup=${path}`]);
  });

  test('has a bus', () => {
    expect(output('busctl', '--user', 'get-property', ...manager, 'Version')).toMatch(/^s "\d/);
  });

  test('is delegated, with the memory controller', () => {
    expect(output('systemctl', 'show', '--property=Delegate', 'user@1000.service')).toBe('Delegate=yes');
    const directory = join('/sys/fs/cgroup', ownCgroup.replace('0::', '').replace(/(\/user@1000\.service)\/.*/, '$1'));
    expect(statSync(directory).uid).toBe(1000);
    expect(readFileSync(join(directory, 'cgroup.subtree_control'), 'utf8').trim().split(' ')).toContain('memory');
  });
});
