// A program that loads the addon and has nothing but the names of Node-API: no C++ library, none of Node's own symbols.
// What a real runtime gives an addon by chance would hide what the addon lacks.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const main = `
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **words) {
  printf("1..1\\n");
  void *addon = dlopen(words[1], RTLD_NOW | RTLD_LOCAL);
  if (addon == NULL) printf("not ok - musl alone loads the addon\\n# %s\\n", dlerror());
  else if (dlsym(addon, "napi_register_module_v1") == NULL) printf("not ok - the addon is one of Node-API\\n");
  else return printf("ok - musl alone loads the addon\\n") < 0;
  return 1;
}
`;

/** Writes its source for that addon, of whatever processor, to that directory. Path of the source. */
export function writeLoader(addon, directory) {
  const source = join(directory, 'load-alone.c');
  const stubs = nodeApi(addon).map((name) => `void ${name}(void) { __builtin_trap(); }\n`);
  writeFileSync(source, `${stubs.join('')}${main}`);
  return source;
}

/** The functions of Node-API that the addon calls. */
function nodeApi(addon) {
  const symbols = execFileSync('nm', ['--dynamic', '--undefined-only', addon], { encoding: 'utf8' });
  return [...new Set(symbols.match(/\b(napi|node_api)_\w+/g))];
}
