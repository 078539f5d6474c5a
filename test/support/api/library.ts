import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export const ROOT = join(__dirname, '../../..');
export const ENTRIES = [
  'index',
  'cgroup',
  'machine',
  'oci',
  'native',
  'otel',
  'prometheus',
  'bullmq',
  'jest',
  'vitest',
];

/** The public types, and a file that uses them, as TypeScript's language service has them. */
export class Library {
  readonly service: ts.LanguageService;
  readonly program: ts.Program;
  readonly checker: ts.TypeChecker;
  readonly file = join(ROOT, 'test/pure/types/what-a-user-types.ts');

  /** @param text what is in the file */
  constructor(text: string) {
    const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
    this.service = ts.createLanguageService({
      ...ts.sys,
      getCompilationSettings: () => ({ ...options, types: ['node'] }),
      getScriptFileNames: () => [this.file, ...ENTRIES.map((name) => this.#pathOf(name))],
      getScriptVersion: () => '0',
      getScriptSnapshot: (name) => {
        const content = name === this.file ? text : ts.sys.readFile(name);
        return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
      },
      getCurrentDirectory: () => ROOT,
      useCaseSensitiveFileNames: () => true,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (name) => name === this.file || ts.sys.fileExists(name),
    });
    const program = this.service.getProgram();
    if (program === undefined) throw new Error('TypeScript makes no program of lib/');
    this.program = program;
    this.checker = program.getTypeChecker();
  }

  source(entry: string): ts.SourceFile {
    const source = this.program.getSourceFile(this.#pathOf(entry));
    if (source === undefined) throw new Error(`no lib/${entry}.ts`);
    return source;
  }

  /** What an entry exports, followed to where it is declared. */
  exports(entry: string): { name: string; symbol: ts.Symbol }[] {
    const module = this.checker.getSymbolAtLocation(this.source(entry));
    if (module === undefined) throw new Error(`no exports in lib/${entry}.ts`);
    return this.checker.getExportsOfModule(module).map((symbol) => ({
      name: symbol.name,
      symbol: symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol,
    }));
  }

  #pathOf(entry: string): string {
    return join(ROOT, `lib/${entry}.ts`);
  }
}
