import { native } from 'memcage/native';
import { expectNamed } from '../../support/docs/doc-names';

test('docs/reference/native.md names every stage and constant of the addon', () => {
  expectNamed('docs/reference/native.md', [...native.stages, ...Object.keys(native.constants)]);
});
