// Loads the addon by musl's loader, in a program that has nothing but the Node-API: no C++ library, none of Node's own
// symbols. What a real runtime gives an addon by chance would hide what the addon lacks.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addonIn } from './package.mjs';

const main = `
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **words) {
  void *addon = dlopen(words[1], RTLD_NOW | RTLD_LOCAL);
  if (addon == NULL) printf("not ok - musl alone loads the addon\\n# %s\\n", dlerror());
  else if (dlsym(addon, "napi_register_module_v1") == NULL) printf("not ok - the addon is one of Node-API\\n");
  else return printf("ok - musl alone loads the addon\\n") < 0;
  return 1;
}
`;

/** Compiles the program in that directory. */
export function loadAlone(home) {
  const addon = addonIn(home);
  const source = join(home, 'load-alone.c');
  const stubs = nodeApi(join(home, addon)).map((name) => `void ${name}(void) { __builtin_trap(); }\n`);
  writeFileSync(source, `${stubs.join('')}${main}`);
  execFileSync('musl-gcc', ['-rdynamic', '-o', join(home, 'load-alone'), source], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return { name: 'no runtime', runtime: home, command: ['/mnt/package/load-alone', join('/mnt/package', addon)] };
}

/** The functions of Node-API that the addon calls. */
function nodeApi(addon) {
  const symbols = execFileSync('nm', ['--dynamic', '--undefined-only', addon], { encoding: 'utf8' });
  return [...new Set(symbols.match(/\b(napi|node_api)_\w+/g))];
}
