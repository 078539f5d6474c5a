import { join } from 'node:path';

const PRETEND = join(__dirname, '../../fixtures/enforcement/pretend.js');

/** Where the addon does not load: what Node gets for that, and what memcage says then. */
export interface WithoutAddon {
  flags: readonly string[];
  env: NodeJS.ProcessEnv;
  error: { code: string; message: string };
}

const refused = (detail: string, cure: string): WithoutAddon['error'] => ({
  code: 'ERR_MEMCAGE_UNSUPPORTED',
  message: `${detail}. Cure: ${cure}`,
});

function pretending(platform: string): WithoutAddon {
  const error = refused(
    `memcage needs Linux; this is ${platform}`,
    'run it in a virtual machine or a container with Linux',
  );
  // As both systems have it.
  const env = { PRETEND: platform, TEMP: process.env['TMPDIR'] ?? '/tmp' };
  return { flags: ['-r', PRETEND], env, error };
}

/** By name. Of another system it is only the name: Node's functions look at it, for a shell or a directory. */
export const WITHOUT_ADDON: Readonly<Record<string, WithoutAddon>> = {
  '--no-addons': {
    flags: ['--no-addons'],
    env: {},
    error: refused(
      'Node.js may not load native addons, and memcage needs one',
      'add --allow-addons to --permission, and leave out --no-addons',
    ),
  },
  'pretended macOS': pretending('darwin'),
  'pretended Windows': pretending('win32'),
};
