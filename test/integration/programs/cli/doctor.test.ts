import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Diagnosis } from 'memcage/machine';
import { cgroupOf, enableMemory, makeCgroup, mountPoint, removeTree } from '../../../support/cgroups/cgroup-tree';
import { runCli } from '../../../support/cli/cli';
import { TerminalSession } from '../../../support/cli/terminal';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';

const MAIN = join(__dirname, '../../../../dist/cli.js');

jest.setTimeout(patience(30_000));

describeIf(['cgroup', 'root'], 'memcage doctor', () => {
  test('tells what there is, and runs the main job', async () => {
    const { code, stdout, stderr, left } = await runCli(['doctor', '--json']);
    const { works, findings, parents } = JSON.parse(stdout) as Diagnosis;
    expect({ code, stderr, left, works }).toEqual({ code: 0, stderr: '', left: [], works: true });
    const states = Object.fromEntries(findings.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ cgroup: 'ok', parent: 'ok', trial: 'ok', 'namespace.pid': 'ok' });
    expect(parents.at(-1)).toEqual({ source: 'own', path: cgroupOf('self'), refusal: null, cure: null });
    expect(findings.find(({ name }) => name === 'own')?.detail).toMatch(cgroupOf('self'));
  });

  test('warns where children are root, and says what to do', async () => {
    const { findings } = JSON.parse((await runCli(['doctor', '--json'])).stdout) as Diagnosis;
    expect(findings.find(({ name }) => name === 'user')).toEqual({
      name: 'user',
      state: 'limited',
      detail: 'children run as root, who can leave any cage',
      cure: expect.stringMatching(/memcage run --uid 65534 .*in code$/) as string,
    });
  });

  test('has sizes that people read, and one line for namespaces of which there is the same to say', async () => {
    const { stdout } = await runCli(['doctor', '--all']);
    expect(stdout).toMatch(/^ok {7}trial .* under 64 MiB, with /m);
    expect(stdout).not.toMatch(/\d bytes/);
    const namespaces = stdout.split('\n').filter((line) => line.includes('a child can have its own'));
    expect(namespaces).toHaveLength(1);
    expect(namespaces[0]).toMatch(/^ok {7}namespaces +uts, mount, pid, ipc, net/);
  });

  test('is short where cages work: the verdict first, what to do something about, and where cages are made', async () => {
    const { stdout } = await runCli(['doctor']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(lines[0]).toMatch(/^memcage works here: a child ran in its own namespaces under 64 MiB, with /);
    expect(stdout).toMatch(/^limited {2}user +children run as root.*\n +cure: .*--uid 65534/m);
    expect(stdout).toMatch(/^ok {7}parent +cages are made in the cgroup of this process \(/m);
    expect(stdout).not.toMatch(/^missing/m);
    expect(lines.at(-1)).toMatch(/^memcage doctor --all prints everything that was looked at/);
  });

  test('needs no systemd where there is another place', async () => {
    const { findings } = JSON.parse((await runCli(['doctor', '--json'])).stdout) as Diagnosis;
    expect(findings.find(({ name }) => name === 'systemd')).toMatchObject({ state: 'ok', cure: null });
  });

  describeIf('terminal', 'in a terminal', () => {
    test('has lines that are as wide, further ones below the text of the first, and colours', async () => {
      const session = TerminalSession.memcage(['doctor', '--all'], { columns: 60, lines: 60 });
      try {
        const lines = await session.shows('a cage can have it');
        const first = lines.findIndex((line) => line.startsWith('ok       cgroup '));
        expect(lines[first]).toMatch(/^ok {7}cgroup +memory is on/);
        expect(lines[first + 1]).toMatch(/^ {22}\S/);
        expect(await session.colorOf('ok       cgroup')).toBe(2);
      } finally {
        await session.close();
      }
    });
  });

  test('tries each limit as memcage run would', async () => {
    const { findings } = JSON.parse((await runCli(['doctor', '--json'])).stdout) as Diagnosis;
    const limits = findings.filter(({ name }) => name.startsWith('limit.'));
    const kinds = {
      pids: ['--pids', 'max'],
      cpu: ['--cpu', 'max'],
      'cpu.set': ['--cpu-set', '0'],
      cpuTimeMs: ['--cpu-time', '1m'],
      stall: ['--stall', '10s'],
    };
    expect(limits.map(({ name }) => name)).toEqual(Object.keys(kinds).map((kind) => `limit.${kind}`));
    for (const { name, state, detail, cure } of limits) {
      const flags = kinds[name.slice('limit.'.length) as keyof typeof kinds];
      const { code } = await runCli(['run', '-m', '64M', ...flags, 'true']);
      expect({ name, state, detail, cure }).toEqual({
        name,
        state: code === 0 ? 'ok' : 'limited',
        detail: code === 0 ? 'a cage can have it' : expect.any(String),
        cure: code === 0 ? null : expect.any(String),
      });
    }
  });

  describeIf('v2', 'in a cgroup that was delegated with memory alone', () => {
    test('names the limits that can not be had', async () => {
      const parent = makeCgroup();
      enableMemory(parent.path);
      try {
        const env = { ...process.env, MEMCAGE_PARENT: parent.path };
        // What this process may enable there is taken away.
        const { code, stdout } = await runCli(['doctor'], { env });
        const pids = await runCli(['run', '-m', '64M', '--pids', '5', 'true'], { env });
        expect(code).toBe(0);
        expect(/^memcage works here, but for the limits .*pids/.test(stdout)).toBe(pids.code === 125);
      } finally {
        parent.remove();
      }
    });
  });

  test('tells what is in the way', async () => {
    const env = { ...process.env, MEMCAGE_PARENT: '/no/such/cgroup' };
    const { code, stdout } = await runCli(['doctor'], { env });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^missing {2}place +MEMCAGE_PARENT \(.*\/no\/such\/cgroup\): there is no such cgroup\n +cure: make it, or unset MEMCAGE_PARENT$/m,
    );
    expect(stdout).toMatch(/^memcage does not work here: there is no cgroup in which it may make cages\n/);
    expect((await runCli(['doctor', '--all'], { env })).stdout).toMatch(/^missing {2}trial .*ENOENT/m);
  });

  describeIf('v1', 'for a user who may not write to the cgroup tree', () => {
    const NOBODY = 65534;
    const asNobody = (args: string[], env: NodeJS.ProcessEnv = {}) =>
      spawnSync(
        'setpriv',
        [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', process.execPath, MAIN, ...args],
        {
          encoding: 'utf8',
          env: { ...process.env, ...env },
        },
      );

    test('tells a cure of all that is missing, and that of the place is one', () => {
      const { status, stdout } = asNobody(['doctor', '--json']);
      expect(status).toBe(1);
      const { findings, parents } = JSON.parse(stdout) as Diagnosis;
      const missing = findings.filter(({ name, state }) => name !== 'parent' && state === 'missing');
      expect(missing.map(({ name }) => name)).toContain('trial');
      expect(missing.filter(({ cure }) => cure === null)).toEqual([]);
      expect(findings.at(-1)).toMatchObject({
        name: 'polled',
        state: 'ok',
        detail: expect.stringContaining("enforce: 'polled'") as string,
      });
      const [, command = '', place = ''] =
        /^let root run "(.*)", and start this program with MEMCAGE_PARENT=(.*)$/.exec(parents.at(-1)?.cure ?? '') ?? [];
      expect(place).toBe(`${cgroupOf('self')}/cages-${NOBODY}`);
      execFileSync('sh', ['-c', command]);
      try {
        const run = asNobody(['run', '-m', '50M', 'sh', '-c', 'exit 5'], { MEMCAGE_PARENT: place });
        expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 5, stderr: '' });
        // Nobody gave this user other controllers than memory.
        const limited = asNobody(['run', '-m', '50M', '--pids', '5', 'true'], { MEMCAGE_PARENT: place });
        expect(limited).toMatchObject({
          status: 125,
          stderr: expect.stringContaining('the v1 controller pids') as string,
        });
        const doctor = asNobody(['doctor'], { MEMCAGE_PARENT: place });
        expect(doctor.stdout).toMatch(/^memcage works here, but for the limits pids, cpu, /);
        expect(doctor.stdout).toMatch(/ && echo PID > \S+\/cgroup\.procs", with the pid of the shell/);
        expect(doctor.status).toBe(0);
      } finally {
        removeTree(place);
      }
    });

    test.each(['polled', 'none'])('asks what memcage run asks, where the environment accepts what is %s', (enforce) => {
      const env = { MEMCAGE_ENFORCE: enforce };
      expect(asNobody(['run', '-m', '64M', 'true'], env).status).toBe(125);
      expect(asNobody(['doctor'], env)).toMatchObject({
        status: 1,
        stdout: expect.stringMatching(/^memcage does not work here: /) as string,
      });
    });

    test('tells how to get what MEMCAGE_PARENT names', () => {
      const { parents } = JSON.parse(
        asNobody(['doctor', '--json'], { MEMCAGE_PARENT: mountPoint('memory') }).stdout,
      ) as Diagnosis;
      // The cure must not give away the whole hierarchy.
      expect(parents.at(-1)?.cure).toContain(` && chown -R ${NOBODY} ${mountPoint('memory')}/cages-${NOBODY}", and`);
    });
  });

  test('takes nothing but --all and --json', async () => {
    expect(await runCli(['doctor', '--jason'])).toMatchObject({ code: 125, stderr: expect.stringMatching('--jason') });
    expect(await runCli(['doctor', '--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching('memcage doctor'),
    });
  });
});
