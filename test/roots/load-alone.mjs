// Loads the addon by musl's loader, in a program without a runtime.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { addonIn } from '../packed/install.mjs';
import { writeLoader } from '../packed/load-alone.mjs';

/** Compiles the program in that directory. */
export function loadAlone(home) {
  const addon = addonIn(home);
  const source = writeLoader(join(home, addon), home);
  execFileSync('musl-gcc', ['-rdynamic', '-o', join(home, 'load-alone'), source], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return { name: 'no runtime', runtime: home, command: ['/mnt/package/load-alone', join('/mnt/package', addon)] };
}
