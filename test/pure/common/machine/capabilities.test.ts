import { CAP_SYS_ADMIN, hasCapability, parseCapabilities } from '../../../../lib/common/machine/capabilities';
import { testRows } from '../../../support/rows';

const status = (mask: string): string =>
  `Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t${mask}\nCapBnd:\t000001ffffffffff\n`;

describe('hasCapability', () => {
  testRows(
    'takes it from the effective set',
    [
      ['000001ffffffffff', true],
      ['0000000000200000', true],
      // The capabilities that Docker gives root by default.
      ['00000000a80425fb', false],
      ['000001ffffdfffff', false],
      ['0000000000000000', false],
    ],
    ([mask, expected]) => {
      expect(hasCapability(parseCapabilities(status(mask)), CAP_SYS_ADMIN)).toBe(expected);
    },
  );

  it('is false where nothing can be read', () => {
    expect(hasCapability(parseCapabilities(''), CAP_SYS_ADMIN)).toBe(false);
  });
});
