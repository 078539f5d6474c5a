import { join } from 'node:path';
import ts from 'typescript';
import { loadNative } from '../../../lib/common/addon/load-native';

/** The names of the options of each function of `NativeBinding`. */
function optionsInContract(): Record<string, string[]> {
  const path = join(__dirname, '../../../types/native.d.ts');
  const program = ts.createProgram([path], { strict: true, types: [] });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(path);
  const binding = file?.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === 'NativeBinding',
  );
  if (binding === undefined) throw new Error(`${path} has no NativeBinding`);
  const functions = (binding as ts.InterfaceDeclaration).members.filter(ts.isMethodSignature);
  return Object.fromEntries(
    functions.map(({ name, parameters: [options] }) => [
      name.getText(file),
      options === undefined
        ? []
        : checker
            .getTypeAtLocation(options)
            .getProperties()
            .map((option) => option.name),
    ]),
  );
}

test('each function of the addon reads the options that the contract has', () => {
  const native = loadNative() as unknown as Record<string, { options?: string }>;
  const read = Object.entries(native).flatMap(([name, { options }]) =>
    options === undefined ? [] : [[name, options.split(' ').filter(Boolean).sort()]],
  );
  const inContract = Object.entries(optionsInContract()).map(([name, options]) => [name, options.sort()]);
  expect(inContract.length).toBeGreaterThan(50);
  expect(Object.fromEntries(read)).toEqual(Object.fromEntries(inContract));
});
