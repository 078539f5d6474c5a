// Writes the software bill of materials beside the tarball: what an install of memcage brings along, as CycloneDX.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const words = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'library', '--omit', 'dev', '--package-lock-only'];
// Optional peers are what users install beside memcage, or do not.
const bill = JSON.parse(execFileSync('npm', [...words, '--omit', 'optional', '--omit', 'peer'], { cwd: root }));
// npm takes the name of the directory.
bill.metadata.component.name = 'memcage';
// The same commit has the same bill.
delete bill.serialNumber;
delete bill.metadata.timestamp;
mkdirSync(join(root, 'build/package'), { recursive: true });
writeFileSync(join(root, 'build/package/memcage.cdx.json'), `${JSON.stringify(bill, undefined, 2)}\n`);
