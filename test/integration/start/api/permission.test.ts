import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';

jest.setTimeout(patience(60_000));

const FIXTURE = resolve(__dirname, '../../../fixtures/start/api/permission.js');
const has = (flag: string): boolean => process.allowedNodeEnvironmentFlags.has(flag);
const MODEL = has('--permission') ? '--permission' : '--experimental-permission';
/** Without this option, as in the first versions of Node 20, the model lets nobody load an addon. */
const ADDONS = has('--allow-addons') ? ['--allow-addons'] : [];

async function underPermissions(...flags: string[]): Promise<unknown> {
  const files = ['--allow-fs-read=*', '--allow-fs-write=*'];
  const args = ['--no-warnings', MODEL, ...files, ...flags, FIXTURE];
  return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout);
}

const all = (code: string) => ({ run: code, execFile: code, spawnSync: code, heap: code, contain: code });

describeIf('cgroup', 'the permission model', () => {
  test('without addons there is no memcage', async () => {
    expect(await underPermissions('--allow-child-process')).toEqual(all('ERR_MEMCAGE_UNSUPPORTED'));
  });

  (ADDONS.length > 0 ? test : test.skip)(
    'with addons, all but contain() and the synchronous functions in a cage works',
    async () => {
      expect(await underPermissions('--allow-child-process', ...ADDONS)).toEqual({
        run: true,
        execFile: true,
        spawnSync: 'ERR_MEMCAGE_UNSUPPORTED_NODE',
        heap: true,
        contain: 'ERR_MEMCAGE_UNSUPPORTED_NODE',
      });
    },
  );

  (ADDONS.length > 0 ? test : test.skip)('without children, Node says so', async () => {
    expect(await underPermissions(...ADDONS)).toEqual({
      ...all('ERR_ACCESS_DENIED'),
      contain: 'ERR_MEMCAGE_UNSUPPORTED_NODE',
    });
  });
});
