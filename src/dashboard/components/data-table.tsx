import type { ReactNode } from 'react';

import { text } from '../messages/index.js';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  readonly isNumber?: boolean;
  /** Names the row for screen readers. */
  readonly isHeader?: boolean;
  readonly className?: string;
}

/** A table that scrolls sideways on narrow screens, or a word when it is empty. */
export function DataTable<Row>({
  columns,
  rows,
  keyOf,
  caption,
  empty,
}: {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row, index: number) => string;
  caption?: string;
  empty?: string;
}) {
  if (rows.length === 0) return <p className="quiet">{empty ?? text('state.none')}</p>;
  const classOf = (column: Column<Row>) => (column.isNumber ? 'number' : column.className);
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={caption ?? columns[0]?.title}>
      <table>
        {caption && <caption>{caption}</caption>}
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" className={classOf(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keyOf(row, index)}>
              {columns.map((column) =>
                column.isHeader ? (
                  <th key={column.title} scope="row" className={classOf(column)}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.title} className={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
