import { size } from '../../../../../lib/programs/cli/commands/size/command';
import { UsageError } from '../../../../../lib/programs/cli/usage';
import { testRows } from '../../../../support/rows';

testRows(
  'what makes no sense is refused before anything runs',
  [
    [['--for', '500ms'], '--for is a time of at least 1s'],
    [['--slack', 'x'], '--slack is an integer from 0 to 1000'],
    [['--exit-code', '256'], '--exit-code is an integer from 0 to 255'],
    [['--chart', 'x.png'], '--chart is a file whose name ends in .svg, .html or .htm'],
    [['--swap', 'x'], '--swap'],
    [['--stall', '5s'], "Unknown option '--stall' of size"],
    [['-m', '1G'], "Unknown option '-m' of size"],
  ] as const,
  async ([words, message]) => {
    const attempt = size.execute([...words, '/nowhere/to/be/found']);
    await expect(attempt).rejects.toThrow(UsageError);
    await expect(attempt).rejects.toThrow(message);
  },
);
