import { join } from 'node:path';
import ts from 'typescript';
import { ENTRIES, type Library, ROOT } from './library';

/** The public names of the package, from its sources. */
export class PublicApi {
  readonly #checker: ts.TypeChecker;
  readonly #exported = new Map<string, ts.Symbol>();

  constructor(library: Library) {
    this.#checker = library.checker;
    for (const entry of ENTRIES) {
      for (const { name, symbol } of library.exports(entry)) this.#exported.set(name, symbol);
    }
  }

  names(): string[] {
    return [...this.#exported].filter(([, symbol]) => !this.#isInternal(symbol)).map(([name]) => name);
  }

  /** The members of an interface or type, or of a class and its instances, except internal ones. */
  members(name: string, { own = false } = {}): string[] {
    const symbol = this.#exported.get(name);
    if (symbol === undefined) throw new Error(`${name} is not exported`);
    const properties = this.#checker.getPropertiesOfType(this.#checker.getDeclaredTypeOfSymbol(symbol));
    const statics = symbol.flags & ts.SymbolFlags.Class ? [...(symbol.exports?.values() ?? [])] : [];
    return [...properties, ...statics]
      .filter((member) => !own || this.#isOurs(member))
      .filter((member) => !this.#isInternal(member))
      .map((member) => member.name)
      .filter((member) => /^[a-z]\w*$/i.test(member) && member !== 'prototype');
  }

  #isInternal(symbol: ts.Symbol): boolean {
    return symbol.getJsDocTags(this.#checker).some((tag) => tag.name === 'internal');
  }

  #isOurs(member: ts.Symbol): boolean {
    const files = member.declarations?.map((declaration) => declaration.getSourceFile().fileName) ?? [];
    if (files.some((file) => file.endsWith('/event-loop/emitter.ts'))) return false;
    return files.some((file) => file.startsWith(join(ROOT, 'lib')) || file.startsWith(join(ROOT, 'types')));
  }
}
