import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startIn } from '../../support/docs/project-program';
import { recipe } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

const TITLE = 'Build untrusted code: npm install, npm run build';

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

  const build = (script: string) => {
    mkdirSync(join(project.directory, 'app/node_modules/dependency'), { recursive: true });
    const dependency = { name: 'dependency', version: '1.0.0', scripts: { postinstall: 'touch installed' } };
    project.write('app/node_modules/dependency/package.json', JSON.stringify(dependency));
    const dependencies = { dependency: '1.0.0' };
    project.write('app/package.json', JSON.stringify({ name: 'user', dependencies, scripts: { build: script } }));
    const command = recipe('docs/guides/untrusted-builds.md', TITLE).replace('npx ', '');
    return startIn(project, ['sh', '-c', `cd app && exec ${command}`], { HOME: home, TOKEN: 'secret' }).end;
  };

  test('can write to its directory and its /tmp, and finds no keys', async () => {
    mkdirSync(join(project.directory, 'app'));
    project.write(
      'app/build.sh',
      [
        'touch built && pwd',
        'touch /tmp/x && ls /tmp/x',
        `for d in / /etc /usr /var ${home}; do touch $d/memcage-build 2>/dev/null && echo wrote to $d; done`,
        `ls -A ${home}/.ssh /run | grep -cv -e : -e '^$'`,
        'umount /tmp 2>/dev/null || echo cannot unmount',
        'tail -n +3 /proc/net/dev | grep -cv lo:',
        'echo $TOKEN.',
      ].join('\n'),
    );
    const { code, stdout, left } = await build('sh build.sh');
    const lines = stdout.trim().split('\n').slice(-6);
    expect({ code, lines, left }).toEqual({
      code: 0,
      lines: ['/mnt', '/tmp/x', '0', 'cannot unmount', '0', '.'],
      left: [],
    });
    expect(readdirSync(join(project.directory, 'app'))).toContain('built');
    expect(readdirSync(join(project.directory, 'app/node_modules/dependency'))).toContain('installed');
  });

  test('that takes too much memory is killed', async () => {
    const { code, stderr, left } = await build('head -c 1100M /dev/zero > /tmp/fill');
    expect(stderr).toMatch(/memcage: .* w(as|ere) killed for (its|their) memory limit of 1 GiB/);
    expect({ code: code === 0, left }).toEqual({ code: false, left: [] });
  });
});
