// Who imports whom in lib/, types/ and test/, as `npm run lint:rooms` sees it.

import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import config from '../../.dependency-cruiser.mjs';

/** For each file, those that import it. */
export async function readImporters() {
  const options = { ...config.options, includeOnly: '^(lib|types|test)/' };
  const { output } = await cruise(['lib', 'types', 'test'], options, undefined, {
    tsConfig: extractTSConfig(config.options.tsConfig.fileName),
  });
  const importers = {};
  for (const { source, dependencies } of output.modules) {
    for (const { resolved } of dependencies) {
      importers[resolved] ??= [];
      importers[resolved].push(source);
    }
  }
  return importers;
}
