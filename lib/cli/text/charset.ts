/** What bars and shortened texts are drawn with. */
export interface Charset {
  ellipsis: string;
  /** From empty to full. */
  bars: readonly string[];
}

const UTF8: Charset = { ellipsis: '…', bars: [...'▁▂▃▄▅▆▇█'] };
const ASCII: Charset = { ellipsis: '~', bars: [...'_.:-=+*#'] };

/** By the locale, as locale(7) has it: the first of these that is set. */
export function charsetOf({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv = process.env): Charset {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '') ? UTF8 : ASCII;
}
