// Every option of a public function, from the library's own types.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '../..');
/** Not those whose options are Node's (child_process), and whose options are the addon's (native). */
const ENTRIES = ['index', 'cgroup', 'machine', 'oci', 'otel', 'prometheus', 'bullmq', 'jest', 'vitest'];
/** What functions call the object of their options. */
const PARAMETERS = ['options', 'limits', 'memory', 'trigger'];
/** What the object itself is within, where it is one option alone: `Cgroup.setLimits(memory)`. */
const WITHIN = { memory: 'memory.' };
/** Types whose members are options within an option. Others, such as a cage, are the value of one. */
const NESTED = /(^__type|Options?|Limits|Changes|RootBind|RootTmpfs)$/;

const { config } = ts.readConfigFile(join(root, 'tsconfig.build.json'), (path) => readFileSync(path, 'utf8'));
const { options: compilerOptions } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const paths = ENTRIES.map((name) => join(root, `lib/${name}.ts`));
const program = ts.createProgram(paths, { ...compilerOptions, skipLibCheck: true, noEmit: true });
const checker = program.getTypeChecker();

/** What their methods are methods of, in words. */
const HANDLES = { SharedCage: 'cage', Budget: 'budget', WarmPool: 'pool', Cgroup: 'cgroup' };
/** Those whose comments count first, where several have an option. */
const FIRST = ['spawn', 'run', 'createCage', 'createWarmPool'];

/**
 * The options by their paths, such as `memory.max`, with the functions that take it, as `spawn`, `Cgroup.create` or
 * `cage.spawn`. Of each of these: `fallback`, its default in the words of its comment, `isAsAround` if it is that of all options
 * of its type, and `isRequired`.
 */
export function publicOptions() {
  const found = new Map();
  const parameters = [...publicParameters()].sort((one, other) => place(one) - place(other));
  for (const { of, within, type } of parameters) {
    if (within !== '') add(found, within.slice(0, -1), of, { isRequired: false });
    collect(found, type, { of, within });
  }
  return found;
}

function place({ of }) {
  return FIRST.includes(of) ? FIRST.indexOf(of) : FIRST.length;
}

function collect(found, given, { of, within, ofEach }) {
  for (const type of objectsOf(given)) {
    for (const member of checker.getPropertiesOfType(type).filter(isOurs)) {
      const own = defaultIn(member, 'Default');
      add(found, `${within}${member.name}`, of, {
        fallback: own ?? ofEach,
        isAsAround: own === undefined && ofEach !== undefined,
        isRequired: !(member.flags & ts.SymbolFlags.Optional),
      });
      for (const nested of objectsOf(typeOf(member)).filter(isNested))
        collect(found, nested, {
          of,
          within: `${within}${member.name}.`,
          ofEach: defaultIn(nested.aliasSymbol ?? nested.symbol, 'Default of each'),
        });
    }
  }
}

function add(found, fullPath, caller, use) {
  const { path, of } = optionOf(fullPath, caller);
  const takers = found.get(path) ?? new Map();
  const before = takers.get(of) ?? use;
  // One of several types of the same parameter may do without it.
  takers.set(of, { ...before, isRequired: before.isRequired && use.isRequired });
  found.set(path, takers);
}

/** `perChild` has the limits of a cage once more, and each of `rlimits` the same two parts. */
function optionOf(path, of) {
  const [first, ...rest] = path.split('.');
  if (first === 'perChild' && rest.length > 0) return { path: rest.join('.'), of: first };
  return { path: path.replace(/^(rlimits)\.\w+\./, '$1.*.'), of };
}

/** Those of functions, of what they return, and of classes. */
function* publicParameters() {
  const owners = new Set();
  for (const path of paths) {
    const source = program.getSourceFile(path);
    for (const exported of checker.getExportsOfModule(checker.getSymbolAtLocation(source))) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (symbol.flags & ts.SymbolFlags.Class) {
        owners.add(checker.getDeclaredTypeOfSymbol(symbol));
        for (const each of symbol.exports.values()) yield* parametersOf(each, `${symbol.name}.`);
      }
      if (!(symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable))) continue;
      yield* parametersOf(symbol, '');
      for (const signature of typeOf(symbol).getCallSignatures())
        for (const type of objectsOf(signature.getReturnType())) owners.add(type);
    }
  }
  for (const owner of owners) {
    const { name } = owner.symbol ?? {};
    if (name in HANDLES)
      for (const method of checker.getPropertiesOfType(owner)) yield* parametersOf(method, `${HANDLES[name]}.`);
  }
}

function* parametersOf(symbol, before) {
  if (!isOurs(symbol) || !/^\w+$/.test(symbol.name) || isInternal(symbol)) return;
  for (const signature of typeOf(symbol).getCallSignatures()) {
    for (const parameter of signature.getParameters().filter(({ name }) => PARAMETERS.includes(name)))
      yield { of: `${before}${symbol.name}`, within: WITHIN[parameter.name] ?? '', type: typeOf(parameter) };
  }
}

function typeOf(symbol) {
  return checker.getTypeOfSymbolAtLocation(symbol, symbol.valueDeclaration ?? symbol.declarations[0]);
}

/** The object types that it may be; of a list, those of its members. */
function objectsOf(type) {
  if (type.isUnion()) return type.types.flatMap(objectsOf);
  if (checker.isArrayType(type)) return checker.getTypeArguments(type).flatMap(objectsOf);
  const isObject = type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection);
  return isObject && type.getCallSignatures().length === 0 ? [type] : [];
}

function isNested(type) {
  const parts = type.isIntersection() ? type.types : [type];
  return [type.aliasSymbol, ...parts.map(({ symbol }) => symbol)].some((symbol) => symbol && NESTED.test(symbol.name));
}

function isOurs(symbol) {
  return (symbol.declarations ?? []).some((each) => {
    const path = relative(root, each.getSourceFile().fileName);
    return path.startsWith('lib/') || path.startsWith('types/');
  });
}

function isInternal(symbol) {
  return symbol.getJsDocTags(checker).some(({ name }) => name === 'internal');
}

function defaultIn(symbol, label) {
  const text = ts.displayPartsToString(symbol?.getDocumentationComment(checker)).replaceAll(/\s+/g, ' ');
  return new RegExp(`${label}: (.*?)\\.(?= [A-Z]|$)`).exec(text)?.[1];
}
