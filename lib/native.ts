/**
 * The system calls that memcage is made of: each does what it is told, with no defaults and no policy.
 *
 * @module memcage/native
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { NativeBinding, Stage } from '../types/native';
import { MemcageError } from './errors';
import { withCheckedOptions } from './native-options';

export type * from '../types/native';

let loaded: NativeBinding | undefined;
let path: string | undefined;

/** @internal The addon. Throws ERR_MEMCAGE_UNSUPPORTED with the reason where it can't be had. */
export function loadNative(): NativeBinding {
  loaded ??= load();
  return loaded;
}

/** @internal Where the addon is. */
export function addonPath(): string {
  path ??= nodeGypBuild().path(ROOT);
  return path;
}

/** @internal */
export function isStage(name: string): name is Stage {
  return loadNative().stages.some((stage) => stage === name);
}

const ROOT = join(__dirname, '..');

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
        'Node.js was told to load no native addons, of which memcage has one: ' +
          'with --permission it takes --allow-addons too, and --no-addons must not be given',
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

/** The system's error where no fd is free: then nothing can be looked for, and what is there seems to be missing. */
function wantOfFds(): Error | undefined {
  try {
    closeSync(openSync(ROOT, 'r'));
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EMFILE' || code === 'ENFILE' ? (error as Error) : undefined;
  }
}

/** The raw bindings. Using one throws ERR_MEMCAGE_UNSUPPORTED where there is no addon; importing never does. */
export const native: NativeBinding = new Proxy({} as NativeBinding, {
  get: (_, key): unknown => withCheckedOptions(key, Reflect.get(loadNative(), key)),
  has: (_, key) => Reflect.has(loadNative(), key),
  ownKeys: () => Reflect.ownKeys(loadNative()),
  getOwnPropertyDescriptor: (_, key) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(loadNative(), key);
    // A proxy may not report a property as fixed that its (empty) target doesn't have.
    return descriptor && { ...descriptor, value: withCheckedOptions(key, descriptor.value), configurable: true };
  },
});
