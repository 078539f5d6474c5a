import { native } from 'memcage/native';
import { expectNamed } from '../../support/docs/doc-names';

test('docs/native.md names every stage and constant of the addon', () => {
  expectNamed('docs/native.md', [...native.stages, ...Object.keys(native.constants)]);
});
