import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startIn } from '../../support/docs/project-program';
import { recipe } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

describeIf(['cgroup', 'host', 'root-read-only'], 'a build', () => {
  let project: UserProject;
  let home: string;
  beforeEach(() => {
    project = makeUserProject([]);
    // Not in /tmp, which the build has not.
    home = mkdtempSync('/var/tmp/memcage-home-');
    mkdirSync(join(home, '.ssh'));
    writeFileSync(join(home, '.ssh/id'), 'secret');
  });
  afterEach(() => {
    project.remove();
    rmSync(home, { recursive: true });
  });

  const build = (script: string, more: NodeJS.ProcessEnv = {}) => {
    project.write('package.json', JSON.stringify({ name: 'user', private: true, scripts: { build: script } }));
    const command = recipe('docs/guides/recipes.md', 'A build that can write to one directory').trim();
    return startIn(project, ['sh', '-c', `exec ${command}`], more).end;
  };

  test('can write to its directory and its /tmp, and finds no keys', async () => {
    writeFileSync(
      join(project.directory, 'build.sh'),
      [
        'touch built && pwd',
        'touch /tmp/x && ls /tmp/x',
        'for d in / /etc /usr /var "$HOME"; do touch $d/memcage-build 2>/dev/null && echo wrote to $d; done',
        'ls -A "$HOME/.ssh" | wc -l',
        'umount /tmp 2>/dev/null || echo cannot unmount',
      ].join('\n'),
    );
    const { code, stdout, left } = await build('sh build.sh', { HOME: home, npm_config_cache: '/tmp/npm' });
    const lines = stdout.trim().split('\n').slice(-4);
    expect({ code, lines, left }).toEqual({ code: 0, lines: ['/mnt', '/tmp/x', '0', 'cannot unmount'], left: [] });
    expect(readdirSync(project.directory)).toContain('built');
  });

  test('that takes too much memory is killed', async () => {
    const { code, stderr, left } = await build('head -c 1100M /dev/zero > /tmp/fill');
    expect(stderr).toMatch(/memcage: .* w(as|ere) killed for its memory limit of 1 GiB/);
    expect({ code: code === 0, left }).toEqual({ code: false, left: [] });
  });
});
