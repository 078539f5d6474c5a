/**
 * Guess which of some names a mistyped word was meant to be, or return undefined if it is near none of them. A name
 * matches if it differs in case, `-` or `_` alone, or if a letter or two are missing, superfluous, wrong or swapped.
 * memcage asks this about its own options.
 *
 * @param word the mistyped word
 * @param known the names that exist
 * @param aliases other words for names, or for names within those (`memory.max`), in lower case and without `-` and `_`. Default: none
 */
export function likelyMeant(
  word: string,
  known: readonly string[],
  aliases: Readonly<Record<string, string>> = {},
): string | undefined {
  const plain = withoutSeparators(word);
  const same = known.find((each) => withoutSeparators(each) === plain);
  if (same !== undefined) return same;
  const [alias = plain, ...inner] = (Object.hasOwn(aliases, plain) ? (aliases[plain] ?? plain) : plain).split('.');
  const named = known.find((each) => withoutSeparators(each) === withoutSeparators(alias));
  if (named !== undefined) return [named, ...inner].join('.');
  const near = known.map((each) => ({ each, distance: distance(plain, withoutSeparators(each)) }));
  near.sort((a, b) => a.distance - b.distance);
  // In a short name, two other letters make another word.
  return near.find((found) => found.distance <= Math.min(2, Math.floor(found.each.length / 3)))?.each;
}

function withoutSeparators(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/** How many letters are missing, superfluous, wrong or swapped (optimal string alignment). */
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
