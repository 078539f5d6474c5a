// The package as a CommonJS module sees it.
import memcage = require('memcage');
import replacement = require('memcage/child_process');
import raw = require('memcage/native');

const { spawn } = memcage;
const limit: memcage.MemoryLimits = { max: '10M' };
const cage: memcage.Cage = spawn('true', [], { memory: '10M' }).cage;
const page: number = raw.native.constants.pageSize;
const frozen: 'ERR_MEMCAGE_FROZEN' = 'ERR_MEMCAGE_FROZEN';
const child: replacement.ChildProcess = replacement.execFile('true', { memory: '10M' });
void [child, limit, cage, page, frozen];
