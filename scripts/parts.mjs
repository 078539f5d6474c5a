// Makes a bundle in parts. V8 reads every line of a file that it loads, so code that a program may never ask for goes
// into files of its own. lib/ does not show any of this: an import from another part becomes `$part.NAME.what`, and
// `$part.NAME` loads the part on first use. What index.ts exports from a part is a function that does so when you call it.
import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build, transform } from 'esbuild';

/** Where the other files find the internals of index.js that users do not see. */
const INTERNAL = 'Symbol.for("memcage.internal")';

/**
 * Writes index.js, the programs, and PART-HASH.js for each part.
 *
 * @param {object} common options of esbuild for all files
 * @param {string} lib the sources, with index.ts
 * @param {Record<string, string>} programs names of further entry points, and their sources
 * @param {RegExp} atLoad the modules in index.js; paths are relative to `lib`
 * @param {Record<string, RegExp>} parts a module goes to the first part that it matches; without one, to what imports
 * it
 * @param {(code: string) => string} rework changes the code of each file
 * @param {{ type: string, code: string, message: string }} unloadable the error if a part is missing or can't be
 * read; `type` is a class that index.js exports
 */
export async function buildInParts({ common, lib, programs, atLoad, parts, rework, unloadable }) {
  const modules = readdirSync(lib, { recursive: true }).filter((name) => name.endsWith('.ts'));
  const partOf = (path) => {
    const name = relative(lib, path);
    return atLoad.test(name) || !modules.includes(name)
      ? undefined
      : Object.keys(parts).find((part) => parts[part].test(name));
  };
  const own = { index: ['index.ts'], ...programs };
  for (const part of Object.keys(parts)) own[part] = modules.filter((name) => partOf(join(lib, name)) === part);

  /** @param used names in each part that others use; undefined if not known yet */
  const bundle = (used) =>
    build({
      ...common,
      bundle: true,
      entryPoints: Object.keys(own).map((name) => ({ in: `entry:${name}`, out: name })),
      // The only format in which esbuild shares modules among files.
      format: 'esm',
      splitting: true,
      write: false,
      metafile: true,
      plugins: [
        {
          name: 'parts',
          setup(builder) {
            builder.onResolve({ filter: /^(entry|all):/ }, ({ path }) => ({ path, namespace: 'parts' }));
            builder.onLoad({ filter: /./, namespace: 'parts' }, ({ path }) => {
              const [kind, name] = path.split(':');
              const all = own[name].map((module) => `export * from './${module}';`);
              // In each entry point, so that these modules stay in one file.
              const first = modules.filter((module) => atLoad.test(module)).map((module) => `import './${module}';`);
              const some =
                used?.[name] === undefined ? all : [`export { ${[...used[name]].join(', ')} } from 'all:${name}';`];
              return { contents: (kind === 'all' ? all : [...first, ...some]).join('\n'), resolveDir: lib };
            });
            builder.onResolve({ filter: /^\.\.?\// }, async ({ path, pluginData, ...from }) => {
              if (pluginData === 'asked') return undefined;
              const found = await builder.resolve(path, { ...from, pluginData: 'asked' });
              const part = partOf(found.path);
              const isApart = part !== undefined && from.namespace !== 'parts' && part !== partOf(from.importer);
              return isApart ? { path: `part:${part}`, external: true, sideEffects: false } : found;
            });
          },
        },
      ],
    });

  const used = Object.fromEntries(Object.keys(parts).map((part) => [part, new Set()]));
  for (const { text } of (await bundle()).outputFiles) {
    for (const [, list, part] of text.matchAll(/^(?:import|export) \{([^}]*)\} from "part:(\w+)";$/gm))
      for (const name of list.split(',')) used[part].add(name.trim().split(' as ')[0]);
  }
  const { outputFiles, metafile } = await bundle(used);

  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path, '.js'), text]));
  const [firstPath] = Object.entries(metafile.outputs).find(([, { inputs }]) => 'lib/index.ts' in inputs);
  const first = basename(firstPath, '.js');
  const hash = createHash('sha256');
  for (const text of texts.values()) hash.update(text);
  // A process whose memcage is replaced while it runs must not get a part of the new one.
  const suffix = hash.digest('hex').slice(0, 8);
  const write = (name, text) => writeFileSync(join(common.absWorkingDir, common.outdir, `${name}.js`), text);

  /** @param platform with `node` the code says what it exports, for an `import` of it */
  const commonJs = async (name, platform) => {
    const { code } = await transform(texts.get(name), { format: 'cjs', platform, target: common.target });
    return rework(withParts(code)).replace(`require("./${first}.js")`, '$$first');
  };

  const getters = Object.keys(parts).map(
    (part) => `  get ${part}() { return $loaded.${part} ??= $load(() => require("./${part}-${suffix}.js")); },`,
  );
  write(
    'index',
    `var $loaded = {};
var $part = {
${getters.join('\n')}
};
function $later(part, name) {
  return { [name]: (...given) => $part[part][name](...given) }[name];
}
function $load(file) {
  let make;
  try {
    make = file();
  } catch (cause) {
    if (cause.code !== "MODULE_NOT_FOUND" && cause.code !== "EACCES") throw cause;
    const { ${unloadable.type}: Unloadable } = module.exports;
    throw new Unloadable(${JSON.stringify(unloadable.code)}, ${JSON.stringify(unloadable.message)}, { cause });
  }
  return make($first, $part);
}
${await commonJs(first, 'neutral')}
var $first = module.exports;
${withLater(await commonJs('index', 'node'), await commonJs(first, 'neutral'))}
Object.defineProperty(module.exports, ${INTERNAL}, { value: { $first, $part } });
`,
  );
  for (const part of Object.keys(parts)) {
    // A function that gets the bundle it belongs to, and no require() of that: the module registry may have been
    // emptied meanwhile (jest.resetModules), and everything would exist twice. In parentheses, so that V8 compiles it
    // at once.
    write(
      `${part}-${suffix}`,
      `module.exports = (function ($first, $part) {
var module = { exports: {} };
${await commonJs(part, 'neutral')}
return module.exports;
});
`,
    );
  }
  for (const name of texts.keys()) {
    if (name === first || name === 'index' || name in parts) continue;
    const hashbang = name in programs ? '#!/usr/bin/env node\n' : '';
    const code = await commonJs(name, 'neutral');
    write(name, `${hashbang}var { $first, $part } = require("./index.js")[${INTERNAL}];\n${code}`);
  }
}

/**
 * Makes functions of what index.js exports from parts: an `import` looks at all exports at once, and would load each part.
 * It works for functions only.
 *
 * @param index exports what `first` does
 * @param first has `name: () => $part.PART.name` for these
 */
function withLater(index, first) {
  const parts = new Map(
    Array.from(first.matchAll(/^ {2}(\w+): \(\) => \$part\.(\w+)\.\1,?$/gm), ([, name, part]) => [name, part]),
  );
  const later = [];
  const exported = index.replace(/^( {2}(\w+): \(\) => )import_\w+\.\2(?=,?$)/gm, (line, before, name) => {
    if (!parts.has(name)) return line;
    later.push(`var ${name} = $later("${parts.get(name)}", "${name}");\n`);
    return before + name;
  });
  return later.join('') + exported;
}

/** At each use, like the live bindings of ESM. */
function withParts(code) {
  if (/\$(part|first|load|loaded)\b/.test(code)) throw new Error('$part, $first and $load are names of the bundle');
  let sofar = code;
  for (const [line, variable, part] of code.matchAll(/^var (\w+) = require\("part:(\w+)"\);\n/gm)) {
    sofar = sofar.replace(line, '').replaceAll(new RegExp(`\\b${variable}\\.`, 'g'), `$$part.${part}.`);
    if (new RegExp(`\\b${variable}\\b`).test(sofar)) throw new Error(`${part} is used in a way that is not known here`);
  }
  return sofar;
}
