import { commandText } from '../../../../lib/programs/cli/text/command-text';
import { testRows } from '../../../support/rows';

testRows(
  'a command is shown from its beginning',
  [
    [['/usr/local/bin/node', 'leak.mjs'], 80, 'node leak.mjs'],
    [['node', '/srv/app/server.mjs', '--port', '80'], 35, 'node /srv/app/server.mjs --port 80'],
    // Without the directories, where they do not fit.
    [['node', '/srv/app/server.mjs', '--port', '80'], 25, 'node server.mjs --port 80'],
    [['node', '/srv/app/server.mjs', '--port', '80'], 20, 'node server.mjs --p…'],
    [['/bin/sh', '-c', 'cat /etc/hosts'], 80, 'sh -c cat /etc/hosts'],
    [['node', '-e', 'a\nb'], 80, 'node -e a\\nb'],
    // What a program has put in place of its arguments.
    [['nginx: worker process'], 80, 'nginx: worker process'],
    [['/usr/sbin/sshd -D [listener]'], 80, 'sshd -D [listener]'],
    [['sshd: /usr/sbin/sshd -D'], 80, 'sshd: /usr/sbin/sshd -D'],
    // What memcage's own init has started.
    [
      ['/x/memcage-exec', '1', '--report=3', '--seccomp=2000', '--init', '--', '/bin/sleep', '--', '14'],
      80,
      'sleep -- 14',
    ],
    [['/x/memcage-exec', 'guard', '--', 'a'], 80, 'memcage-exec guard -- a'],
    [['/x/memcage-exec', '1', '--init'], 80, 'memcage-exec 1 --init'],
    [['/usr/bin/top'], 2, 't…'],
    [['/'], 80, '/'],
    [[], 80, ''],
  ] as [string[], number, string][],
  ([command, width, shown]) => expect(commandText(command, width, '…')).toBe(shown),
);
