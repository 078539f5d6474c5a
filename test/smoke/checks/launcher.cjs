const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { createLauncher, run } = require('memcage');

exports['the launcher joins the cage and makes a uts namespace'] = async () => {
  const launcher = createLauncher({ memory: '50M', namespaces: { uts: { hostname: 'smoke' } } });
  const words = ['sh', '-c', 'uname -n; cat /proc/self/cgroup'];
  const [hostname, ...cgroups] = execFileSync(launcher.file, [...launcher.args, ...words], { encoding: 'utf8' }).split(
    '\n',
  );
  const { oom, memory } = await launcher.close();
  assert.equal(hostname, 'smoke');
  assert(cgroups.some((line) => line.includes('/memcage-')));
  assert.deepEqual([oom, memory.limitBytes], [null, 50 * 2 ** 20]);
};

exports['the launcher is the init of a PID namespace'] = async () => {
  const namespaces = { pid: { init: true }, mount: true };
  const { stdout, exitCode } = await run('sh', ['-c', 'echo $$; exit 4'], { namespaces, reject: false });
  assert.deepEqual([stdout, exitCode], ['2\n', 4]);
};
