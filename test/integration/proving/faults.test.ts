import { distinct, faultsOf, ruleOf, titleOf } from '../../support/proving/faults';
import { judge } from '../../support/proving/judge';
import { type Operated, operate } from '../../support/proving/operate';
import { operationNames } from '../../support/proving/operation-names';
import { describeInPlace, LONGEST_MS, operateSoundly, operationsToTry, tryEach } from '../../support/proving/try-each';

const asked = process.env['MEMCAGE_TEST_FAULTS'];

describeInPlace('a system call that fails', asked, (inPlace) => {
  test(
    'never brings about a crash, a hang, an uncaged child, a leak, or an error that is not true',
    async () => {
      const place = inPlace();
      const sound = new Map<string, Operated>();
      for (const name of operationsToTry(operationNames(), asked, 8))
        sound.set(name, await operateSoundly(name, place));
      const all = [...sound].flatMap(([name, { points }]) => faultsOf(name, points));
      await tryEach('faults', { all, distinct: distinct(all), asked, usually: 60 }, async (fault) => {
        const run = await operate(fault.operation, place, { rules: [ruleOf(fault)] });
        const found = judge(run, sound.get(fault.operation) as Operated, fault);
        const wrong = found.map(({ wrong: kind, what }) => `${kind}: ${titleOf(fault)}: ${what}`);
        return { reached: run.hits.length > 0, wrong };
      });
    },
    LONGEST_MS,
  );
});
