// Makes a bundle in parts. V8 reads every line of a file that it loads, so code that a program may never ask for goes
// into files of its own. lib/ does not show any of this: an import from another part becomes `$part.NAME.what`, and
// `$part.NAME` loads the part on first use. Parts that are needed together anyway take it once instead, when they are
// loaded. What index.ts exports from a part is a function that does so when you call it.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build, transform } from 'esbuild';

/** Where the other files find the internals of index.js that users do not see. */
const INTERNAL = 'Symbol.for("memcage.internal")';

/**
 * Writes index.js, the programs, and PART-HASH.js for each part.
 *
 * @param {object} common options of esbuild for all files
 * @param {string} lib the sources, with index.ts
 * @param {string[]} programs names of further entry points beside index.ts
 * @param {Record<string, string[]>} files paths of modules and folders below `lib` without an ending, by the file that they
 * are in: `index`, a program, or a part. The longest path that leads to a module decides
 * @param {string[]} together parts, in order, each of which loads those before it that it uses
 * @param {(code: string) => string} rework changes the code of each file
 * @param {{ type: string, code: string, message: string }} unloadable the error if a part is missing or can't be
 * read; `type` is a class that index.js exports
 */
export async function buildInParts({ common, lib, programs, files, together, rework, unloadable }) {
  const entries = ['index', ...programs];
  const parts = Object.keys(files).filter((file) => !entries.includes(file));
  const modules = await modulesOf(common, lib, entries);
  for (const module of modules) {
    if (/^export (let|var) /m.test(readFileSync(join(lib, module), 'utf8')))
      throw new Error(`${module} exports a variable: others would keep its first value`);
  }
  const fileOf = (module) => longest(files, module.replace(/\.ts$/, ''));
  const partOf = (path) => {
    const module = relative(lib, path);
    return modules.includes(module) ? parts.find((part) => part === fileOf(module)) : undefined;
  };
  const own = Object.fromEntries(entries.map((name) => [name, [`${name}.ts`]]));
  for (const part of parts) own[part] = modules.filter((module) => fileOf(module) === part);

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
              const first = modules
                .filter((module) => fileOf(module) === 'index')
                .map((module) => `import './${module}';`);
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

  const used = Object.fromEntries(parts.map((part) => [part, new Set()]));
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
    const before = together.slice(0, Math.max(together.indexOf(name), 0));
    const parted = rework(withParts(code, before)).replace(`require("./${first}.js")`, '$$first');
    return platform === 'node' ? parted : withPlainExports(parted);
  };

  const getters = parts.map(
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
${withLater(await commonJs('index', 'node'), await commonJs(first, 'neutral'), texts)}
Object.defineProperty(module.exports, ${INTERNAL}, { value: { $first, $part } });
`,
  );
  for (const part of parts) {
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
    if (name === first || name === 'index' || parts.includes(name)) continue;
    const hashbang = programs.includes(name) ? '#!/usr/bin/env node\n' : '';
    const code = await commonJs(name, 'neutral');
    write(name, `${hashbang}var { $first, $part } = require("./index.js")[${INTERNAL}];\n${code}`);
  }
}

/** The modules of `lib` that these entry points need. */
async function modulesOf(common, lib, entries) {
  const entryPoints = entries.map((name) => join(lib, `${name}.ts`));
  const { metafile } = await build({ ...common, entryPoints, bundle: true, write: false, metafile: true });
  const paths = Object.keys(metafile.inputs).map((path) => relative(lib, join(common.absWorkingDir, path)));
  return paths.filter((path) => path.endsWith('.ts')).sort();
}

/** The file with the longest path that is the module's, or that of a folder around it. */
function longest(files, module) {
  const found = Object.entries(files).flatMap(([file, paths]) =>
    paths.filter((path) => `${module}/`.startsWith(`${path}/`)).map((path) => ({ file, path })),
  );
  if (found.length === 0) throw new Error(`${module} is in no file of dist`);
  return found.reduce((best, other) => (other.path.length > best.path.length ? other : best)).file;
}

/**
 * Makes functions of what index.js exports from parts: an `import` looks at all exports at once, and would load each part.
 * It works for functions only.
 *
 * @param index exports what `first` does
 * @param first has `get name() { return $part.PART.name; }` for these
 * @param texts the code of each part
 */
function withLater(index, first, texts) {
  const parts = new Map(
    Array.from(first.matchAll(/^ {2}get (\w+)\(\) \{ return \$part\.(\w+)\.\1; \},?$/gm), ([, name, part]) => [
      name,
      part,
    ]),
  );
  const later = [];
  const exported = index.replace(/^( {2}(\w+): \(\) => )import_\w+\.\2(?=,?$)/gm, (line, before, name) => {
    const part = parts.get(name);
    if (part === undefined) return line;
    const code = texts.get(part);
    const [, own = name] = new RegExp(`^  (\\w+) as ${name},?$`, 'm').exec(code) ?? [];
    if (!new RegExp(`^(async )?function ${own}\\(`, 'm').test(code))
      throw new Error(`${name} is no function, so it has to be loaded with index, not in ${part}`);
    later.push(`var ${name} = $later("${part}", "${name}");\n`);
    return before + name;
  });
  return later.join('') + exported;
}

/**
 * Exports the values, once they are all there. esbuild exports a getter for each, which V8 has to compile, and copies all for
 * an `import`. A file of the bundle needs no getter: it uses another when that is loaded, and exports no variable that changes
 * (`buildInParts` looks). What is in another part keeps its getter, which loads that on use.
 */
function withPlainExports(code) {
  const header = /^var stdin_exports = \{\};\n__export\(stdin_exports, \{\n([^}]*)\}\);\nmodule\.exports = .*\n/m;
  const [, list] = header.exec(code) ?? [];
  if (list === undefined) return code;
  const all = Array.from(list.matchAll(/^ {2}(\w+): \(\) => ([\w$.]+),?$/gm), ([, name, value]) =>
    value.startsWith('$part.') ? `  get ${name}() { return ${value}; }` : `  ${name}: ${value}`,
  );
  return `${code.replace(header, '')}module.exports = {\n${all.join(',\n')}\n};\n`;
}

/**
 * Takes what is another part's at each use, like the live bindings of ESM.
 *
 * @param before parts from which all is taken at once
 */
function withParts(code, before) {
  if (/\$(part|first|load|loaded)\b/.test(code)) throw new Error('$part, $first and $load are names of the bundle');
  let sofar = code;
  const once = new Map(before.map((part) => [part, new Set()]));
  for (const [line, variable, part] of code.matchAll(/^var (\w+) = require\("part:(\w+)"\);\n/gm)) {
    sofar = sofar.replace(line, '').replaceAll(new RegExp(`\\b${variable}\\.(\\w+)`, 'g'), (_, name) => {
      once.get(part)?.add(`${name}: ${part}$${name}`);
      return once.has(part) ? `${part}$${name}` : `$part.${part}.${name}`;
    });
    if (new RegExp(`\\b${variable}\\b`).test(sofar)) throw new Error(`${part} is used in a way that is not known here`);
  }
  const taken = Array.from(once, ([part, names]) => `var { ${[...names].join(', ')} } = $part.${part};\n`);
  return taken.join('') + sofar;
}
