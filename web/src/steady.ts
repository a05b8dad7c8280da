// Rows that stay where they are while somebody points at them: new figures, the old order. Pure.

export interface Steady<Row> {
  rows: Row[];
  /** Keys of rows that are not in the list any more: shown as they were, so that nothing moves under the pointer. */
  gone: ReadonlySet<string>;
}

/** `next` in the order of `before`, those that are new behind them, `most` at most. */
export function steady<Row>(before: readonly Row[], next: readonly Row[], keyOf: (row: Row) => string, most: number): Steady<Row> {
  const fresh = new Map(next.map((row) => [keyOf(row), row]));
  const known = new Set(before.map(keyOf));
  const rows = [...before.map((row) => fresh.get(keyOf(row)) ?? row), ...next.filter((row) => !known.has(keyOf(row)))];
  return { rows: rows.slice(0, Math.max(most, before.length)), gone: new Set([...known].filter((key) => !fresh.has(key))) };
}
