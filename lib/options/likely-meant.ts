/**
 * Which of some names a word was likely meant to be: another spelling of it, or one with a letter or two too many, too few, wrong,
 * or in each other's place; undefined when it is near to none. memcage asks so for its own options.
 *
 * @param word that is none of the names
 * @param known names that there are
 * @param aliases what others call them, in lower case and without `-` and `_`. Default: none
 */
export function likelyMeant(
  word: string,
  known: readonly string[],
  aliases: Readonly<Record<string, string>> = {},
): string | undefined {
  const plain = withoutSeparators(word);
  const same = known.find((each) => withoutSeparators(each) === plain);
  if (same !== undefined) return same;
  if (Object.hasOwn(aliases, plain)) return aliases[plain];
  const near = known.map((each) => ({ each, distance: distance(plain, withoutSeparators(each)) }));
  near.sort((a, b) => a.distance - b.distance);
  // In a short name two letters make it another word.
  return near.find((found) => found.distance <= Math.min(2, Math.floor(found.each.length / 3)))?.each;
}

function withoutSeparators(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/** How many letters are missing, too many, wrong or in each other's place (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + (isSame ? 0 : 1),
          isSwapped ? at(before, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [before, last] = [last, current];
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
