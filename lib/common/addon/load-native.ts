import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { release } from 'node:os';
import type { NativeBinding, NativeError, Stage } from '../../../types/native';
import { MemcageError } from '../errors/errors';
import { CURE, words } from '../errors/words';
import { isOlderThan, OLDEST_KERNEL } from '../machine/versions';
import { explainNotFound, explainNotLinux, explainNotLoaded, type LoadFailure } from './load-failure';
import { ADDON_PLACES, PACKAGE_ROOT } from './package-root';

let loaded: NativeBinding | undefined;
let path: string | undefined;

/** Loads the addon. Throws ERR_MEMCAGE_UNSUPPORTED with the reason and the cure where it can't. */
export function loadNative(): NativeBinding {
  if (loaded !== undefined) return loaded;
  const found = load();
  if ('detail' in found) throw asError(found);
  loaded = found;
  return loaded;
}

/** Why {@link loadNative} throws, if it does. Throws what the machine is short of, such as EMFILE. */
export function whyNotLoaded(): LoadFailure | undefined {
  if (loaded !== undefined) return undefined;
  const found = load();
  return 'detail' in found ? found : undefined;
}

/** Whether {@link loadNative} returns. */
export function canLoad(): boolean {
  return whyNotLoaded() === undefined;
}

/** Path of the addon. */
export function addonPath(): string {
  const found = find();
  if (typeof found !== 'string') throw asError(found);
  return found;
}

export function isStage(name: string): name is Stage {
  return loadNative().stages.some((stage) => stage === name);
}

function asError({ detail, cure, ...details }: LoadFailure): MemcageError {
  return new MemcageError(
    'ERR_MEMCAGE_UNSUPPORTED',
    cure === undefined ? detail : words`${detail}${CURE}${cure}`,
    details,
  );
}

function load(): NativeBinding | LoadFailure {
  if (process.platform !== 'linux') return explainNotLinux();
  const found = find();
  if (typeof found !== 'string') return found;
  try {
    // Not `require`, which a bundler would take for its own.
    const binding = createRequire(found)(found) as NativeBinding;
    return refuseOldKernel(binding) ?? binding;
  } catch (cause) {
    // Where addons are disabled, no free fd would help.
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_DLOPEN_DISABLED') throwWantOfFds();
    return explainNotLoaded(found, cause);
  }
}

interface NodeGypBuild {
  path(directory: string): string;
}

function find(): string | LoadFailure {
  path ??= ADDON_PLACES.map(addonIn).find((found) => found !== undefined);
  if (path !== undefined) return path;
  throwWantOfFds();
  return explainNotFound();
}

function addonIn(directory: string): string | undefined {
  const { path: find } = require('node-gyp-build') as NodeGypBuild;
  try {
    return find(directory);
  } catch {
    return undefined;
  }
}

/** Throws the system's error if no fd is free: no file can be opened then, so an existing addon seems to be missing. */
function throwWantOfFds(): void {
  try {
    closeSync(openSync(PACKAGE_ROOT, 'r'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EMFILE' || code === 'ENFILE') throw error;
  }
}

/** What is wrong with this kernel, if memcage can't work with it. */
export function refuseOldKernel(binding: NativeBinding): LoadFailure | undefined {
  // The number alone proves nothing: some kernels have had features ported back, and gVisor calls itself 4.4.
  if (!isOlderThan(OLDEST_KERNEL, release()) || waitsForPidfds(binding)) return undefined;
  return {
    detail: `memcage needs Linux ${OLDEST_KERNEL.join('.')} or newer; this is Linux ${release()}`,
    cure: 'start a newer kernel',
  };
}

function waitsForPidfds(binding: NativeBinding): boolean {
  let pidfd: number | undefined;
  try {
    pidfd = binding.pidfdOpen({ pid: process.pid });
    // Fails with ECHILD on a kernel that knows pidfds.
    binding.reap({ pidfd });
    return true;
  } catch (error) {
    const { code } = error as NativeError;
    return code !== 'ENOSYS' && code !== 'EINVAL';
  } finally {
    if (pidfd !== undefined) binding.closeFd({ fd: pidfd });
  }
}
