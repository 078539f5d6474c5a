import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../../../support/native/native-child';
import { describeIf } from '../../../support/require';
import { inChroot } from '../../../support/roots/chroot';
import { testRows } from '../../../support/rows';

const CHECKOUT = join(__dirname, '../../../..');

describeIf('root', 'in a chroot', () => {
  let directory: string;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  testRows(
    'a child has a root of its own, which is that of its mount namespace',
    [{}, { isMount: true }, { isMount: true, isShared: true }],
    async (chroot) => {
      const inside = '[ "$(echo /*)" = "$(nsenter --mount=/proc/self/ns/mnt sh -c "echo /*")" ] && echo /srv* /etc/*';
      const script = `
        const { run, spawnSync } = require(${JSON.stringify(CHECKOUT)});
        const options = { cwd: '/', root: { tmpfs: ['/etc'] }, namespaces: { user: false } };
        const args = ['-c', ${JSON.stringify(inside)}];
        process.stdout.write(spawnSync('sh', args, options).stdout);
        run('sh', args, options).then(({ stdout }) => process.stdout.write(stdout));`;
      const [file, ...args] = inChroot(directory, CHECKOUT, chroot);
      const { stdout } = await promisify(execFile)(file, [...args, process.execPath, '-e', script]);
      expect(stdout).toBe('/srv* /etc/*\n'.repeat(2));
    },
    { name: (chroot) => Object.keys(chroot).join(' ') },
  );
});
