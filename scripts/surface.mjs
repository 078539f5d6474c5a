// The report of the whole public surface, by API Extractor, one file for each entry: surface/*.api.md. Without arguments it says
// what differs from them, and fails; with --write it writes them. It reads dist/, which `npm run build:ts` makes.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const root = join(import.meta.dirname, '..');
const writes = process.argv.includes('--write');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Those are Node's names, which API Extractor can't follow: it knows no modules of Node's own. */
const LEFT_OUT = ['./child_process'];

const entries = Object.entries(exports).filter(([path, { types }]) => types !== undefined && !LEFT_OUT.includes(path));
const configs = entries.map(([path, { types }]) => {
  const name = path === '.' ? 'memcage' : `memcage-${path.slice(2)}`;
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, types),
      compiler: { tsconfigFilePath: join(root, 'tsconfig.surface.json'), skipLibCheck: true },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: join(root, 'surface'),
        reportTempFolder: join(root, 'build/surface'),
        includeForgottenExports: false,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        // What the comments say is typedoc's to check.
        compilerMessageReporting: { default: { logLevel: 'error' } },
        extractorMessageReporting: { default: { logLevel: 'none' } },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  });
});
// One program for all: it has every declaration of dist/ anyway.
const compilerState = CompilerState.create(configs[0]);

let isSame = true;
for (const config of configs) {
  const { apiReportChanged, succeeded } = Extractor.invoke(config, {
    compilerState,
    localBuild: writes,
    messageCallback(message) {
      message.handled = message.logLevel !== 'error';
    },
  });
  if (!succeeded && !apiReportChanged) isSame = false;
  if (!apiReportChanged) continue;
  const report = relative(root, config.reportFilePath);
  console.log(writes ? `${report} is new` : `${report} is not what the sources say: npm run surface`);
  isSame &&= writes;
}
process.exit(isSame ? 0 : 1);
