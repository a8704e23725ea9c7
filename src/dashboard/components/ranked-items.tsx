import { formatMoney, formatNumber } from '../format.js';
import { text } from '../messages/index.js';
import { href } from '../route.js';
import { DataTable } from './data-table.js';

export interface RankedItem {
  readonly rank: number;
  readonly score: number;
  readonly item: {
    readonly id: string;
    readonly title: string;
    readonly price: string | null;
    readonly currency: string | null;
  };
  readonly reason: { readonly text: string };
}

/** Recommended items in order, each with why it is there. */
export function RankedItems({ items }: { items: readonly RankedItem[] }) {
  return (
    <DataTable
      rows={items}
      keyOf={({ item }) => item.id}
      columns={[
        { title: text('list.rank'), cell: ({ rank }) => rank },
        {
          title: text('list.item'),
          isHeader: true,
          cell: ({ item }) => <a href={href('items', item.id)}>{item.title}</a>,
        },
        {
          title: text('list.price'),
          isNumber: true,
          cell: ({ item: { price, currency } }) => formatMoney(price, currency),
        },
        { title: text('list.score'), isNumber: true, cell: ({ score }) => formatNumber(score) },
        { title: text('list.reason'), cell: ({ reason }) => <span className="quiet">{reason.text}</span> },
      ]}
    />
  );
}
