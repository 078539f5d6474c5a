// Makes a bundle in parts. V8 reads every line of a file that it loads, so code that a program may never ask for goes
// into files of its own. lib/ does not show any of this: an import from another part becomes `$part.NAME.what`, and
// `$part.NAME` loads the part on first use. Parts that are needed together anyway take it once instead, when they are
// loaded. What an entry exports from a part, if it is a function, is one that does so when you call it.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build, transform } from 'esbuild';

/** Where the other entries find what index.js shares with them, and users do not see. */
const INTERNAL = 'Symbol.for("memcage.internal")';

/**
 * Writes NAME.js for each entry, and parts/NAME.js for each part.
 *
 * @param {object} common options of esbuild for all files
 * @param {string} lib the sources, with NAME.ts for each entry
 * @param {string[]} entries names of entries beside index. All share the parts, so that their state exists once
 * @param {string[]} programs names of entries that export nothing, because people run them
 * @param {Record<string, string[]>} files paths of modules and folders below `lib` without an ending, by the file that they
 * are in: `index`, another entry, or a part. The longest path that leads to a module decides. What an entry has is its own: no
 * other file may need it
 * @param {string[]} together parts, in order, each of which loads those before it that it uses
 * @param {(code: string, name: string) => string} rework changes the code of each file
 * @param {{ type: string, code: string, message: string }} unloadable the error if a part is missing, can't be read, or is
 * of another build; `type` is a class that index.js exports
 */
export async function buildInParts({ common, lib, entries, programs, files, together, rework, unloadable }) {
  const all = ['index', ...entries, ...programs];
  const parts = Object.keys(files).filter((file) => !all.includes(file));
  const modules = await modulesOf(common, lib, all);
  for (const module of modules) {
    if (/^export (let|var) /m.test(readFileSync(join(lib, module), 'utf8')))
      throw new Error(`${module} exports a variable: others would keep its first value`);
  }
  const fileOf = (module) => {
    const name = module.replace(/\.ts$/, '');
    return all.includes(name) ? name : longest(files, name);
  };
  const isEntry = (path) => all.some((name) => path === join(lib, `${name}.ts`));
  const partOf = (path) => {
    const module = relative(lib, path);
    return modules.includes(module) ? parts.find((part) => part === fileOf(module)) : undefined;
  };
  const own = Object.fromEntries(parts.map((part) => [part, modules.filter((module) => fileOf(module) === part)]));
  const first = modules.filter((module) => module !== 'index.ts' && fileOf(module) === 'index');
  // In each file, so that these modules stay in one.
  const before = first.map((module) => `import './${module}';\n`).join('');

  /** @param used names in each part that others use; undefined if not known yet */
  const bundle = (used) =>
    build({
      ...common,
      bundle: true,
      entryPoints: [
        ...all.map((name) => ({ in: join(lib, `${name}.ts`), out: name })),
        ...parts.map((name) => ({ in: `part:${name}`, out: name })),
      ],
      // The only format in which esbuild shares modules among files.
      format: 'esm',
      splitting: true,
      write: false,
      metafile: true,
      plugins: [
        {
          name: 'parts',
          setup(builder) {
            builder.onResolve({ filter: /^(part|all):/ }, ({ path }) => ({ path, namespace: 'parts' }));
            builder.onLoad({ filter: /./, namespace: 'parts' }, ({ path }) => {
              const [kind, name] = path.split(':');
              const contents =
                kind === 'all' || used?.[name] === undefined
                  ? own[name].map((module) => `export * from './${module}';`).join('\n')
                  : `export { ${[...used[name]].join(', ')} } from 'all:${name}';`;
              return { contents: kind === 'all' ? contents : before + contents, resolveDir: lib };
            });
            builder.onLoad({ filter: /\.ts$/, namespace: 'file' }, ({ path, suffix }) =>
              isEntry(path) && suffix === ''
                ? {
                    contents: `${readFileSync(path, 'utf8').replace(/^#!.*/, '')}${before}export {};`,
                    loader: 'ts',
                    resolveDir: lib,
                  }
                : undefined,
            );
            builder.onResolve({ filter: /^\.\.?\// }, async ({ path, pluginData, ...from }) => {
              if (pluginData === 'asked') return undefined;
              const found = await builder.resolve(path, { ...from, pluginData: 'asked' });
              const part = partOf(found.path);
              const isApart = part !== undefined && from.namespace !== 'parts' && part !== partOf(from.importer);
              if (isApart) return { path: `part:${part}`, external: true, sideEffects: false };
              // What an entry only hands on is no code to share: each file that takes it from there has its own list.
              return from.namespace !== 'parts' && isEntry(found.path)
                ? { ...found, suffix: `?${fileOf(relative(lib, from.importer))}` }
                : found;
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

  const shared = basename(outputOf(metafile, join('lib', first[0])), '.js');
  refuseChunks(metafile, [shared, ...all, ...parts]);
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path, '.js'), text]));
  const hash = createHash('sha256');
  for (const text of texts.values()) hash.update(text);
  // A process whose memcage is replaced while it runs must not get a part of the new one.
  const made = hash.digest('hex').slice(0, 16);
  const directory = join(common.absWorkingDir, common.outdir);
  const write = (path, text) => writeFileSync(join(directory, `${path}.js`), text);

  /** @param platform with `node` the code says what it exports, for an `import` of it */
  const commonJs = async (name, platform) => {
    const { code } = await transform(texts.get(name), { format: 'cjs', platform, target: common.target });
    const loaded = together.slice(0, Math.max(together.indexOf(name), 0));
    const parted = rework(withParts(withRequire(code, shared), loaded), name).replace(
      `require("./${shared}.js")`,
      '$$first',
    );
    return platform === 'node' ? parted : withPlainExports(parted);
  };

  const getters = parts.map(
    (part) => `  get ${part}() { return $loaded.${part} ??= $load(() => require("./parts/${part}.js")); },`,
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
  let part;
  try {
    part = file();
  } catch (cause) {
    if (cause.code !== "MODULE_NOT_FOUND" && cause.code !== "EACCES") throw cause;
    throw $unloadable({ cause });
  }
  return $same(part.made) && part.make($first, $part);
}
function $same(made) {
  if (made !== "${made}") throw $unloadable();
  return true;
}
function $unloadable(options) {
  return new $first.${unloadable.type}(${JSON.stringify(unloadable.code)}, ${JSON.stringify(unloadable.message)}, options);
}
${withoutHelper(await commonJs(shared, 'neutral')).replace(/^module\.exports = /m, 'var $$first = ')}
${withLater('index', await commonJs('index', 'node'), texts)}
Object.defineProperty(module.exports, ${INTERNAL}, { value: (made) => $same(made) && { $first, $part, $later } });
`,
  );
  rmSync(join(directory, 'parts'), { recursive: true, force: true });
  mkdirSync(join(directory, 'parts'));
  for (const part of parts) {
    // A function that gets the bundle it belongs to, and no require() of that: the module registry may have been
    // emptied meanwhile (jest.resetModules), and everything would exist twice. In parentheses, so that V8 compiles it
    // at once.
    write(
      `parts/${part}`,
      `exports.made = "${made}";
exports.make = (function ($first, $part) {
var module = { exports: {} };
${await commonJs(part, 'neutral')}
return module.exports;
});
`,
    );
  }
  const taken = `require("./index.js")[${INTERNAL}]("${made}");`;
  for (const name of programs)
    write(name, `#!/usr/bin/env node\nvar { $first, $part } = ${taken}\n${await commonJs(name, 'neutral')}`);
  for (const name of entries)
    write(name, `var { $first, $part, $later } = ${taken}\n${withLater(name, await commonJs(name, 'node'), texts)}`);
}

/** The file in which a module is. */
function outputOf({ outputs }, module) {
  return Object.keys(outputs).find((path) => module in outputs[path].inputs);
}

/** What several files need and FILES gives to none of them, esbuild puts into further ones, with names that change. */
function refuseChunks({ outputs }, known) {
  const chunks = Object.entries(outputs).filter(([path]) => !known.includes(basename(path, '.js')));
  if (chunks.length === 0) return;
  const needed = chunks.map(([chunk, { inputs }]) => {
    const users = Object.keys(outputs).filter((path) => outputs[path].imports.some((each) => each.path === chunk));
    return `${Object.keys(inputs).join(', ')} (for ${users.map((path) => basename(path, '.js')).join(', ')})`;
  });
  throw new Error(`Give these to a part in FILES:\n${needed.join('\n')}`);
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
 * Makes functions of what an entry exports from parts: an `import` looks at all exports at once, and would load each part.
 * It works for functions only; index exports nothing else from a part.
 *
 * @param code of the entry
 * @param texts the code of each part
 */
function withLater(entry, code, texts) {
  const later = [];
  const exported = code.replace(/^( {2}(\w+): \(\) => )\$part\.(\w+)\.\2(?=,?$)/gm, (line, before, name, part) => {
    const [, own = name] = new RegExp(`^  (\\w+) as ${name},?$`, 'm').exec(texts.get(part)) ?? [];
    if (!new RegExp(`^(async )?function ${own}\\(`, 'm').test(texts.get(part))) {
      if (entry !== 'index') return line;
      throw new Error(`${name} is no function, so it has to be loaded with index, not in ${part}`);
    }
    later.push(`var ${name} = $later("${part}", "${name}");\n`);
    return before + name;
  });
  return later.join('') + exported;
}

/**
 * esbuild's own way to have a `require` in a module of ECMAScript hides from other bundlers what is required. It also names the
 * shared file by a hash, which another version of anything in it changes in all others.
 */
function withRequire(code, shared) {
  const variable = `import_${shared.replace('-', '_')}`;
  return code
    .replaceAll(`(0, ${variable}.__require)(`, 'require(')
    .replaceAll(`${variable}.__require.resolve(`, 'require.resolve(')
    .replaceAll(variable, 'import_first');
}

/** What esbuild has in the shared file for that. */
function withoutHelper(code) {
  return code.replace(/^var __require = .*\n(?:[ }].*\n)*/m, '').replace(/^ {2}__require: __require,\n/m, '');
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
  if (/\$(part|first|load|loaded|later|same|unloadable)\b/.test(code))
    throw new Error('a name of the bundle is in its code');
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
