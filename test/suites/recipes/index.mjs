// The suites. A recipe says where the sources come from (sources.mjs), how they are made ready, and either
//   command({ place, node, major, output, files, names })  the program that runs all of it, or only these files or tests
//   read({ output, stdout, place })                 the tests in what it wrote to `output` or to stdout
// or run(context), which does all of that and resolves to the tests.
import bullmq from './bullmq.mjs';
import crossSpawn from './cross-spawn.mjs';
import execa from './execa.mjs';
import jestWorker from './jest-worker.mjs';
import node from './node.mjs';
import planted from './planted.mjs';
import tinyexec from './tinyexec.mjs';
import workerpool from './workerpool.mjs';
import zx from './zx.mjs';

export const recipes = {
  node,
  'cross-spawn': crossSpawn,
  tinyexec,
  'jest-worker': jestWorker,
  workerpool,
  zx,
  execa,
  bullmq,
  planted,
};
