type Paint = (text: string) => string;

export interface Colors {
  bold: Paint;
  dim: Paint;
  inverse: Paint;
  red: Paint;
  yellow: Paint;
  green: Paint;
  cyan: Paint;
}

/** The codes that begin and end a style: SGR of ECMA-48. */
const CODES: Readonly<Record<keyof Colors, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  inverse: [7, 27],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  cyan: [36, 39],
};

/**
 * Whether to write colours. FORCE_COLOR decides first, as in Node: `0` and `false` mean no, anything else yes, terminal
 * or not. Without it, terminals get colours, unless NO_COLOR is set or TERM is `dumb`.
 *
 * @see https://no-color.org
 */
export function wantsColors(isTerminal: boolean, env: NodeJS.ProcessEnv = process.env): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: none, TERM: terminal } = env;
  if (forced !== undefined) return !['0', 'false'].includes(forced);
  if (none !== undefined && none !== '') return false;
  return isTerminal && terminal !== 'dumb';
}

export function colorsOf({ isTTY }: { isTTY?: boolean }): Colors {
  const wanted = wantsColors(isTTY === true);
  const entries = Object.entries(CODES).map(([name, [on, off]]) => {
    const paint: Paint = (text) => (wanted && text !== '' ? `\x1b[${on}m${text}\x1b[${off}m` : text);
    return [name, paint];
  });
  return Object.fromEntries(entries) as unknown as Colors;
}
