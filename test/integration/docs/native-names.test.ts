import { native } from 'memcage/native';
import { expectNamed } from '../../support/docs/doc-names';

const PAGES = 'docs/api/memcage/native';

test('the API pages name every stage and constant of the addon', () => {
  expectNamed(`${PAGES}/type-aliases/Stage.md`, native.stages);
  expectNamed(`${PAGES}/interfaces/NativeBinding.md`, Object.keys(native.constants));
});
