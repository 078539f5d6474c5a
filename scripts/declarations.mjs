// Makes dist/*.d.ts from lib/ and types/: one for each entry, and parts/types.d.ts for what they share. A class that two entries
// had each for themselves would be two types to the compiler.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import typescript from 'typescript';

const root = join(import.meta.dirname, '..');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.keys(exports)
  .filter((path) => path !== './package.json')
  .map((path) => (path === '.' ? 'index' : path.slice('./'.length)));
const sources = new Map(entries.map((name) => [name, join(root, 'lib', `${name}.ts`)]));

/** rollup-plugin-dts can't know which declarations users write of their own. */
const EXPECTED = /still references private shared type exports/;

async function rollUp() {
  const bundle = await rollup({
    input: Object.fromEntries(sources),
    plugins: [dts({ tsconfig: join(root, 'tsconfig.build.json') })],
    external: (id) => !/^[./]/.test(id),
    onwarn({ message }) {
      if (!EXPECTED.test(message)) throw new Error(message);
    },
  });
  const { output } = await bundle.generate({
    // TypeScript 6 and newer take no types of Node's unless something asks for them.
    banner: '/// <reference types="node" />',
    entryFileNames: '[name].d.ts',
    chunkFileNames: 'parts/[name].d.ts',
    manualChunks: (id) => (isShared(id) ? 'types' : undefined),
    minifyInternalExports: false,
    hoistTransitiveImports: false,
  });
  await bundle.close();
  const more = output.map(({ fileName }) => fileName).filter((file) => !(file === 'parts/types.d.ts' || isEntry(file)));
  if (more.length > 0) throw new Error(`No entry, and not what they share: ${more.join(', ')}`);
  return output;
}

const isEntry = (file) => sources.has(file.replace(/\.d\.ts$/, ''));

/** What a program has is its own: most need another package, which those who import `memcage` need not have. */
function isShared(id) {
  const path = relative(root, id);
  const isProgram = path.startsWith('lib/programs/') && !path.startsWith('lib/programs/test-runners/');
  return ![...sources.values()].includes(id) && !isProgram;
}

/** rollup-plugin-dts exports a class as one also where the source exports only its type. */
function withTypesAsTypes(code, source) {
  const types = new Set(
    typescript
      .createSourceFile(source, readFileSync(source, 'utf8'), typescript.ScriptTarget.Latest)
      .statements.filter((statement) => typescript.isExportDeclaration(statement))
      .flatMap(({ exportClause, isTypeOnly }) =>
        exportClause === undefined
          ? []
          : exportClause.elements.filter((each) => isTypeOnly || each.isTypeOnly).map(({ name }) => name.text),
      ),
  );
  return code.replaceAll(/^export \{ (.*) \}/gm, (_, list) => {
    const names = list.split(', ').map((name) => (types.has(name.split(' ').at(-1)) ? `type ${name}` : name));
    return `export { ${names.join(', ')} }`;
  });
}

/** rollup-plugin-dts drops the attribute without which TypeScript refuses types of an ES module from CommonJS. */
function withTypesOfModules(code) {
  return code.replaceAll(
    /^import \{ (.*) \} from '(vitest(?:\/.*)?)';$/gm,
    "import type { $1 } from '$2' with { 'resolution-mode': 'import' };",
  );
}

/** Only its text says that it is a module of ECMAScript, so TypeScript makes this one as it stands. */
function declarationOf(path) {
  const options = { fileName: path, reportDiagnostics: true };
  const { outputText, diagnostics } = typescript.transpileDeclaration(readFileSync(join(root, path), 'utf8'), options);
  if (diagnostics.length > 0)
    throw new Error(typescript.formatDiagnostics(diagnostics, typescript.createCompilerHost({})));
  return outputText;
}

for (const { fileName, code } of await rollUp()) {
  const source = sources.get(fileName.replace(/\.d\.ts$/, ''));
  writeFileSync(
    join(root, 'dist', fileName),
    source === undefined ? code : withTypesOfModules(withTypesAsTypes(code, source)),
  );
}
writeFileSync(join(root, 'dist/child_process.d.mts'), declarationOf('lib/child_process.mts'));
