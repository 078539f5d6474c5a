import { pad, widthOf } from '../../../common/text/text-width';

/** Aligns rows of cells, which may have colours. The first row has the titles. Leaves out columns without content. */
export function tableOf(rows: readonly (readonly string[])[], sides: readonly ('left' | 'right')[]): string {
  const [titles = [], ...body] = rows;
  const columns = titles
    .map((_, column) => column)
    .filter((column) => body.some((row) => row[column] !== '') || body.length === 0);
  const widths = new Map(columns.map((column) => [column, Math.max(...rows.map((row) => widthOf(row[column] ?? '')))]));
  const lines = rows.map((row) =>
    columns
      .map((column) => pad(row[column] ?? '', widths.get(column) ?? 0, sides[column] ?? 'left'))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
