/** Rows as lines with columns of equal width; the last column is as long as it is. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const count = Math.max(0, ...rows.map(row => row.length));
  const widths = Array.from({ length: count }, (_, at) =>
    Math.max(0, ...rows.map(row => (row[at] ?? '').length))
  );
  return rows.map(row =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at])))
      .join('  ')
      .trimEnd()
  );
}
