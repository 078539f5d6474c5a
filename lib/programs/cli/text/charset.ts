/** The characters for bars and shortened texts. */
export interface Charset {
  ellipsis: string;
  /** From empty to full. */
  bars: readonly string[];
}

const UTF8: Charset = { ellipsis: '…', bars: [...'▁▂▃▄▅▆▇█'] };
const ASCII: Charset = { ellipsis: '~', bars: [...'_.:-=+*#'] };

/** Chooses by the locale: the first of these variables that is set and not empty, as in locale(7). */
export function charsetOf({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv = process.env): Charset {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '') ? UTF8 : ASCII;
}
