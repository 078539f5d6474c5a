import { closeSync, openSync } from 'node:fs';
import type { NativeBinding, Stage } from '../../types/native';
import { MemcageError } from '../errors/errors';
import { PACKAGE_ROOT } from './package-root';

let loaded: NativeBinding | undefined;
let path: string | undefined;

/** Loads the addon. Throws ERR_MEMCAGE_UNSUPPORTED with the reason where it can't. */
export function loadNative(): NativeBinding {
  loaded ??= load();
  return loaded;
}

/** Path of the addon. */
export function addonPath(): string {
  path ??= nodeGypBuild().path(PACKAGE_ROOT);
  return path;
}

export function isStage(name: string): name is Stage {
  return loadNative().stages.some((stage) => stage === name);
}

interface NodeGypBuild {
  path(directory: string): string;
}

function nodeGypBuild(): NodeGypBuild {
  return require('node-gyp-build') as NodeGypBuild;
}

function load(): NativeBinding {
  if (process.platform !== 'linux') {
    throw new MemcageError('ERR_MEMCAGE_UNSUPPORTED', `memcage needs Linux; this is ${process.platform}`);
  }
  try {
    return require(addonPath()) as NativeBinding;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_DLOPEN_DISABLED') {
      throw new MemcageError(
        'ERR_MEMCAGE_UNSUPPORTED',
        'Node.js may not load native addons, and memcage needs one: add --allow-addons to --permission, and leave ' +
          'out --no-addons',
        { cause },
      );
    }
    const shortage = wantOfFds();
    if (shortage !== undefined) throw shortage;
    throw new MemcageError(
      'ERR_MEMCAGE_UNSUPPORTED',
      `memcage has no native addon for ${process.platform}-${process.arch}, Node.js ${process.version}: ` +
        'run `npm run build` in a checkout (it needs a C++20 compiler, make and python3), ' +
        'or use a platform that the package has a prebuilt binary for',
      { cause },
    );
  }
}

/** The system's error if no fd is free: no file can be opened then, so an existing addon seems to be missing. */
function wantOfFds(): Error | undefined {
  try {
    closeSync(openSync(PACKAGE_ROOT, 'r'));
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EMFILE' || code === 'ENFILE' ? (error as Error) : undefined;
  }
}
