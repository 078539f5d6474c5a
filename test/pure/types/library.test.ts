import { Library } from '../../support/api/library';
import { proveDataRules } from './data-rules';
import { proveDocumented } from './documented';
import { proveEditor, WRITTEN } from './editor';
import { proveSurface } from './surface';

// In one file, because each would need a compiler of its own, which reads all types for seconds.
const library = new Library(WRITTEN);

proveSurface(library);
proveDataRules(library);
proveEditor(library);
proveDocumented(library);
