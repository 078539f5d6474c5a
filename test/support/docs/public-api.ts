import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '../../..');

/** The public names of the package, from its sources. */
export class PublicApi {
  readonly #checker: ts.TypeChecker;
  readonly #exported: Map<string, ts.Symbol>;

  constructor() {
    const config = ts.readConfigFile(join(root, 'tsconfig.build.json'), (path) => readFileSync(path, 'utf8'));
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const names = ['index', 'cgroup', 'machine', 'oci', 'native', 'otel', 'prometheus', 'bullmq', 'jest', 'vitest'];
    const entries = names.map((name) => join(root, `lib/${name}.ts`));
    const program = ts.createProgram(entries, { ...options, skipLibCheck: true, noEmit: true });
    this.#checker = program.getTypeChecker();
    this.#exported = new Map();
    for (const entry of entries) {
      const source = program.getSourceFile(entry);
      const module = source && this.#checker.getSymbolAtLocation(source);
      if (module === undefined) throw new Error(`no exports in ${entry}`);
      for (const symbol of this.#checker.getExportsOfModule(module)) this.#exported.set(symbol.name, symbol);
    }
  }

  names(): string[] {
    return [...this.#exported.values()]
      .filter((symbol) => !this.#isInternal(this.#original(symbol)))
      .map(({ name }) => name);
  }

  /** The members of an interface or type, or of a class and its instances, except internal ones. */
  members(name: string, { own = false } = {}): string[] {
    const exported = this.#exported.get(name);
    if (exported === undefined) throw new Error(`${name} is not exported`);
    const symbol = this.#original(exported);
    const properties = this.#checker.getPropertiesOfType(this.#checker.getDeclaredTypeOfSymbol(symbol));
    const statics = symbol.flags & ts.SymbolFlags.Class ? [...(symbol.exports?.values() ?? [])] : [];
    return [...properties, ...statics]
      .filter((member) => !own || this.#isOurs(member))
      .filter((member) => !this.#isInternal(member))
      .map((member) => member.name)
      .filter((member) => /^[a-z]\w*$/i.test(member) && member !== 'prototype');
  }

  /** Follows a symbol that one file exports again to the file that defines it. */
  #original(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #isInternal(symbol: ts.Symbol): boolean {
    return symbol.getJsDocTags(this.#checker).some((tag) => tag.name === 'internal');
  }

  #isOurs(member: ts.Symbol): boolean {
    const files = member.declarations?.map((declaration) => declaration.getSourceFile().fileName) ?? [];
    if (files.some((file) => file.endsWith('/event-loop/emitter.ts'))) return false;
    return files.some((file) => file.startsWith(join(root, 'lib')) || file.startsWith(join(root, 'types')));
  }
}
