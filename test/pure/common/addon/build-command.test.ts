import { buildCommand, PACKAGE_ROOT } from '../../../../lib/common/addon/package-root';

const { versions } = process;
afterEach(() => Object.defineProperty(process, 'versions', { value: versions }));

test('the command that builds works in any directory', () => {
  expect(buildCommand()).toBe(`npm --prefix ${PACKAGE_ROOT} run build:native`);
});

test("with Yarn's Plug'n'Play it goes through Yarn", () => {
  Object.defineProperty(process, 'versions', { value: { ...versions, pnp: '3' } });
  expect(buildCommand()).toBe(`yarn exec npm --prefix ${PACKAGE_ROOT} run build:native`);
});
