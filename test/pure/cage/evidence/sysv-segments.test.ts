import { segmentsIn } from '../../../../lib/cage/evidence/reading/sysv-segments';

const TABLE = `       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap
         0          1  1600              41943040 15131 15131      0     0     0     0     0 1796147000 1796147000 1796147000              41943040                     0
      1234          2  1600              41943040 15132 15132      0     0     0     0     0 1796147000 1796147000 1796147000               4194304               8388608
         0          3  1600              41943040 15133 15133      1     0     0     0     0 1796147000 1796147000 1796147000              41943040                     0
         0          4  1600              41943040 15134 15134      0     0     0     0     0 1796147000 1796147000 1796147000                  4096                     0
`;

test('segments to which nobody is attached, the largest first', () => {
  const rest = { deleted: true, visibleOutside: true };
  expect(segmentsIn(TABLE)).toEqual([
    { path: 'System V segment 1', bytes: 41943040, pid: 15131, ...rest },
    { path: 'System V segment 2', bytes: 4194304 + 8388608, pid: 15132, ...rest },
  ]);
});

test('none where the kernel has none', () => {
  expect(segmentsIn('')).toEqual([]);
});
