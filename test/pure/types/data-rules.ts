import { join } from 'node:path';
import ts from 'typescript';
import { type Library, ROOT } from '../../support/api/library';

/** `native` is the addon's own: its objects are what C++ makes. */
const ENTRIES = ['index', 'cgroup', 'machine', 'oci', 'otel', 'prometheus', 'bullmq', 'jest', 'vitest'];

/** What a result holds as the caller gave it, and what is made to be given as options: there a property may be left out. */
const OPTIONS = ['MemoryLimits', 'OciLimits', 'PressureLevel', 'PressureStall', 'SizedJob', 'UsageThreshold'];
/** The kernel's own names, and those of interface files: what one has depends on the version and on the kernel. */
const KERNEL_NAMES = [
  'FlatKeyed',
  'InterfaceFile',
  'Limits',
  'MemoryEvents',
  'NestedKeyed',
  'OomControl',
  'PressureLine',
];

interface Found {
  /** Where it was found, for people. */
  readonly where: string;
  readonly property: ts.Symbol;
}

/**
 * The properties of everything that a user gets: from exported functions and classes on, what they return, what that holds and
 * its functions return, and the arguments of its events.
 */
class Results {
  readonly found: Found[] = [];
  readonly types = new Set<string>();
  /** Functions that may return undefined. */
  readonly findUndefined = new Set<string>();
  readonly #seen = new Set<ts.Type>();

  constructor(
    private readonly checker: ts.TypeChecker,
    entries: readonly ts.SourceFile[],
  ) {
    for (const entry of entries) {
      const module = checker.getSymbolAtLocation(entry);
      if (module === undefined) throw new Error(`no exports in ${entry.fileName}`);
      for (const exported of checker.getExportsOfModule(module)) this.#exported(exported);
    }
  }

  #exported(exported: ts.Symbol): void {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(exported) : exported;
    if (symbol.flags & ts.SymbolFlags.Class) this.#reach(this.checker.getDeclaredTypeOfSymbol(symbol));
    if (symbol.flags & ts.SymbolFlags.Value) this.#gives(symbol.name, this.checker.getTypeOfSymbol(symbol));
  }

  /** Calls of a function, and of the functions that are properties of it. */
  #gives(name: string, type: ts.Type): void {
    this.#returns(name, type);
    for (const member of type.getProperties()) {
      if (isPublic(member) && isOurs(member))
        this.#gives(`${name}.${member.name}`, this.checker.getTypeOfSymbol(member));
    }
  }

  #returns(name: string, type: ts.Type): void {
    for (const signature of type.getCallSignatures()) {
      const returned = signature.getReturnType();
      if (may(returned, ts.TypeFlags.Undefined)) this.findUndefined.add(name);
      this.#reach(returned);
    }
  }

  #reach(type: ts.Type): void {
    if (this.#seen.has(type)) return;
    this.#seen.add(type);
    if (type.isUnionOrIntersection()) for (const part of type.types) this.#reach(part);
    const constraint = type.isTypeParameter() ? this.checker.getBaseConstraintOfType(type) : undefined;
    if (constraint !== undefined) this.#reach(constraint);
    // Promises, arrays, iterators, and the events that an emitter is of.
    for (const argument of this.#arguments(type)) this.#reach(argument);
    if (this.#isExempt(type)) return;
    const name = this.checker.typeToString(type);
    for (const property of this.checker.getPropertiesOfType(this.checker.getApparentType(type))) {
      if (!isOurs(property) || !isPublic(property)) continue;
      const held = this.checker.getTypeOfSymbol(property);
      if (held.getCallSignatures().length === 0) this.#note({ where: name, property });
      this.#returns(`${name}.${property.name}`, held);
      this.#reach(held);
    }
  }

  #note(found: Found): void {
    this.found.push(found);
    this.types.add(found.where);
  }

  #arguments(type: ts.Type): readonly ts.Type[] {
    return [type, ...this.#bases(type)].flatMap((each) => [
      ...(isReference(each) ? this.checker.getTypeArguments(each) : []),
      ...(each.aliasTypeArguments ?? []),
    ]);
  }

  #isExempt(type: ts.Type): boolean {
    const names = [type.symbol?.name, type.aliasSymbol?.name];
    return [...OPTIONS, ...KERNEL_NAMES].some((name) => names.includes(name)) || this.#isError(type);
  }

  #isError(type: ts.Type): boolean {
    return type.symbol?.name === 'Error' || this.#bases(type).some((base) => this.#isError(base));
  }

  #bases(type: ts.Type): ts.Type[] {
    const declared = isReference(type) ? type.target : type;
    return declared.isClassOrInterface() ? this.checker.getBaseTypes(declared) : [];
  }
}

function isReference(type: ts.Type): type is ts.TypeReference {
  return (
    (type.flags & ts.TypeFlags.Object) !== 0 && ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) !== 0
  );
}

/** Whether memcage defines it, not Node or a tool. */
function isOurs(symbol: ts.Symbol): boolean {
  const files = symbol.declarations?.map((declaration) => declaration.getSourceFile().fileName) ?? [];
  return files.some((file) => file.startsWith(join(ROOT, 'lib/')) || file.startsWith(join(ROOT, 'types/')));
}

function isPublic(symbol: ts.Symbol): boolean {
  if (!/^[a-z]\w*$/i.test(symbol.name)) return false;
  if (symbol.getJsDocTags().some((tag) => tag.name === 'internal')) return false;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return symbol.declarations?.every((each) => (ts.getCombinedModifierFlags(each) & hidden) === 0) ?? true;
}

function may(type: ts.Type, flag: ts.TypeFlags): boolean {
  return type.isUnion() ? type.types.some((each) => may(each, flag)) : (type.flags & flag) !== 0;
}

/** A number by itself, or null: not one of several in an array. */
function isNumber(type: ts.Type): boolean {
  return may(type, ts.TypeFlags.NumberLike);
}

export function proveDataRules(library: Library): void {
  const { checker } = library;
  const results = new Results(
    checker,
    ENTRIES.map((entry) => library.source(entry)),
  );

  /** Those for which it holds, as `Type.property`. */
  function those(holds: (property: ts.Symbol, type: ts.Type) => boolean): string[] {
    const found = results.found.filter(({ property }) => holds(property, checker.getTypeOfSymbol(property)));
    return [...new Set(found.map(({ where, property }) => `${where}.${property.name}`))].sort();
  }

  function comment(property: ts.Symbol): string {
    return ts.displayPartsToString(property.getDocumentationComment(checker));
  }

  describe('of what a user gets', () => {
    test('these types are looked at, among others', () => {
      expect([...results.types]).toEqual(
        expect.arrayContaining([
          'Outcome<MemoryReport>',
          'OomEvent',
          'JobEndedEvent',
          'Usage',
          'ListedCage',
          'WarmPoolStats',
        ]),
      );
    });

    test('each property is there, and null says that there is nothing', () => {
      const lacking = those(
        (property, type) => (property.flags & ts.SymbolFlags.Optional) !== 0 || may(type, ts.TypeFlags.Undefined),
      );
      expect(lacking).toEqual([]);
    });

    test('a search that finds nothing gives null', () => {
      expect([...results.findUndefined]).toEqual([]);
    });

    test('a time says its unit', () => {
      const isTime = /\b(milli|micro)?seconds\b|\bms\b/i;
      const named = /(time|duration|interval|delay|age|wait|waited)$/i;
      const wrong = those(
        (property, type) =>
          isNumber(type) &&
          (isTime.test(comment(property)) || named.test(property.name)) &&
          !/(Ms|Us)$/.test(property.name),
      );
      expect(wrong).toEqual([]);
    });

    test('a size says its unit', () => {
      const named = /(memory|size|usage|rss|pss|swap|cache)$/i;
      const wrong = those(
        (property, type) =>
          isNumber(type) &&
          (/\bin bytes\b/i.test(comment(property)) || named.test(property.name)) &&
          !/Bytes$/.test(property.name),
      );
      expect(wrong).toEqual([]);
    });
  });
}
