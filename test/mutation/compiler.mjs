import { join } from 'node:path';
import ts from 'typescript';

/** Which of the mutants the build would refuse, because their types are wrong: their ids. */
export function compilerRefusals(root, mutants) {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const versions = new Map();
  const textOf = (path) => versions.get(path)?.text ?? ts.sys.readFile(path);
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [...new Set(mutants.map(({ file }) => join(root, file)))],
    getScriptVersion: (path) => String(versions.get(path)?.version ?? 0),
    getScriptSnapshot: (path) => {
      const text = textOf(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
  const refused = new Set();
  let version = 0;
  for (const { id, file, range, replacement } of mutants) {
    const path = join(root, file);
    const source = ts.sys.readFile(path);
    version += 1;
    versions.set(path, { version, text: source.slice(0, range[0]) + typed(replacement) + source.slice(range[1]) });
    if ([...service.getSyntacticDiagnostics(path), ...service.getSemanticDiagnostics(path)].length > 0) refused.add(id);
    version += 1;
    versions.set(path, { version, text: source });
  }
  return refused;
}

/** A condition that is constant would be refused only for what can't be reached then. */
function typed(replacement) {
  return replacement === 'true' || replacement === 'false' ? `(${replacement} as boolean)` : replacement;
}
