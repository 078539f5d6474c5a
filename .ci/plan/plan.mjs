// What the gate runs for a change: a pure function.
import { shuffled } from '../../scripts/shuffled.mjs';
import { GROUPS, STEPS } from '../steps/table.mjs';
import { topicsOf } from './topics.mjs';

/** So long may the tests take that have no branch for a hierarchy, and are drawn to run on cgroup v2 too. */
const V2_SAMPLE_SECONDS = 45;
/** And those beside them that only need something that changed: support of all tests would bring all of them. */
const V2_TOUCHED_SECONDS = 240;

const EVERYTHING = 'everything runs';

/**
 * `files` that changed, undefined if everything is to run. `importers` of each file. `tests` is every test file, with
 * what it says of itself: `hasBranch` for a hierarchy, `needsSwap`, the `pages` of docs/ that it names; and `v2Seconds`,
 * what it takes on cgroup v2. `seed` draws.
 *
 * `changed` are the files by which a step may choose in its turn, undefined if everything is to run; `steps` are those of
 * the table, each with `why` it runs, undefined if it does not; `leftOut` are groups of tests that do not run on the
 * host; `tests` are the files that run there and in guests.
 */
export function makePlan({ files, importers = {}, tests, seed }) {
  const { topics, unknown } = files === undefined ? {} : topicsOf(files, importers);
  const isWhole = files === undefined || unknown !== undefined;
  const all = unknown === undefined ? EVERYTHING : `${EVERYTHING}: nobody knows what ${unknown} can change`;
  /** Because of what any of these topics is touched. */
  const why = (wanted) => {
    if (isWhole) return all;
    for (const [topic, file] of topics) {
      if (wanted.some((each) => topic.startsWith(each)))
        return topic === file || topic === 'docs' ? file : `${topic}: ${file}`;
    }
  };
  const touches = (path) =>
    isWhole || topics.has(path) || [...topics.keys()].some((topic) => topic.endsWith('/') && path.startsWith(topic));

  const steps = STEPS.map((step) => ({ name: step.name, why: step.when === undefined ? 'always' : why(step.when) }));
  const runs = new Set(steps.filter((step) => step.why !== undefined).map(({ name }) => name));
  // What other steps need runs if one of them does.
  for (const step of STEPS.toReversed()) {
    if (runs.has(step.name)) for (const name of step.after ?? []) runs.add(name);
  }
  for (const step of steps) if (runs.has(step.name)) step.why ??= 'what others need';

  const left = GROUPS.filter(({ pattern, when }) => {
    const isTouched = tests.some(({ path }) => pattern.test(path) && touches(path));
    return !isTouched && why(when) === undefined;
  });
  const isIn = (groups, path) => groups.some(({ pattern }) => pattern.test(path));
  const wasTouched = GROUPS.filter((group) => !left.includes(group));
  // Those of the docs are quick, and run the examples of all pages.
  const isOfDocs = (path) => /^test\/\w+\/docs\//.test(path);
  const isCode = why(['code']) !== undefined;
  const isChosen = (path) => isCode || isOfDocs(path) || touches(path) || isIn(wasTouched, path);
  const ofPages = GROUPS.filter(({ isOfPages }) => isOfPages);
  const isOfChanged = ({ path, pages = [] }) => isIn(ofPages, path) && pages.some((page) => files?.includes(page));
  const here = tests.filter((test) => (isChosen(test.path) && !isIn(left, test.path)) || isOfChanged(test));
  const inGuests = here.filter(({ path }) => path.startsWith('test/integration/'));
  const isV2 = ({ path, hasBranch }) => hasBranch || topics?.get(path) === path;
  const isTouched = ({ path }) => !isWhole && touches(path);
  const others = inGuests.filter((test) => !isV2(test));
  const pathsOf = (chosen) => chosen.map(({ path }) => path);
  return {
    changed: isWhole ? undefined : files,
    steps,
    leftOut: left.map(({ name }) => name),
    tests: {
      host: pathsOf(here),
      v2: pathsOf([
        ...inGuests.filter(isV2),
        ...draw(others.filter(isTouched), V2_TOUCHED_SECONDS, seed),
        ...draw(
          others.filter((test) => !isTouched(test)),
          V2_SAMPLE_SECONDS,
          seed,
        ),
      ]),
      swap: pathsOf(inGuests.filter(({ needsSwap }) => needsSwap)),
    },
  };
}

/** As many as there are `seconds` for, in an order that the seed decides. One that does not fit makes room for the next. */
function draw(tests, seconds, seed) {
  let left = seconds;
  return shuffled(tests, seed, ({ path }) => path).filter(({ v2Seconds }) => {
    if (v2Seconds > left) return false;
    left -= v2Seconds;
    return true;
  });
}
