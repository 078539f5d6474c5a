import type { Layers } from '../../../common/drawing/areas';
import type { Point } from './chart-data';

export const LAYERS: Layers<Point> = {
  parts: [
    { className: 'anon', bytes: (point) => point.anonBytes, text: 'anon: heaps, stacks' },
    { className: 'file', bytes: (point) => point.fileBytes, text: 'file: page cache, tmpfs' },
    { className: 'kernel', bytes: (point) => point.kernelBytes, text: 'kernel' },
  ],
  lines: [{ className: 'swap-line', bytes: (point) => point.swapBytes, text: 'swap, beside the use' }],
};
