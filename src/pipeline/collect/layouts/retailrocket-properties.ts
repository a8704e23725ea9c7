import { Cleaning } from '../cleaning.js';
import { timeFrom } from '../times.js';
import { detach, textOf } from '../values.js';
import { columnPositions, hasColumns } from './columns.js';
import { type Layout, type RecordMapper, type RecordOutcome, type RowSink } from './layout.js';

const COLUMNS = ['timestamp', 'itemid', 'property', 'value'] as const;
const READABLE = new Set(['categoryid', 'available']);

interface ItemState {
  category: string;
  categoryAt: number;
  isAvailable: boolean;
  availableAt: number;
}

/** RetailRocket's `item_properties_part1.csv` and `part2`: what items were like from when on; all but two properties are hashed. */
export const retailRocketPropertiesLayout: Layout = {
  name: 'retailrocket-properties',
  title: 'RetailRocket item properties',
  description:
    'timestamp, itemid, property, value; the latest category and availability of each item is taken.',
  recognises: (columns) => columns.length === COLUMNS.length && hasColumns(columns, COLUMNS),
  mapping: () => null,
  createMapper: (columns, sink) => new PropertiesMapper(columns, sink),
};

class PropertiesMapper implements RecordMapper {
  private readonly at: Record<(typeof COLUMNS)[number], number>;
  private readonly items = new Map<string, ItemState>();
  private readonly cleaning = new Cleaning<{ property: string }>([
    {
      name: 'hashed-property',
      description: 'The property is a number that its publisher hashed: nobody can say what it means.',
      action: 'DROP',
      fits: ({ property }) => !READABLE.has(property),
    },
  ]);

  constructor(
    columns: readonly string[],
    private readonly sink: RowSink,
  ) {
    this.at = columnPositions('retailrocket-properties', columns, COLUMNS);
  }

  map(record: readonly unknown[]): RecordOutcome {
    const [timeText, id, property, value] = COLUMNS.map((name) => textOf(record[this.at[name]]));
    const time = timeFrom(timeText);
    if (Number.isNaN(time)) return { rejected: `The time "${timeText}" is not understood.` };
    if (id === '') return { rejected: 'itemid is empty.' };
    if (!this.cleaning.keeps({ property })) return 'DROPPED';
    let item = this.items.get(id);
    if (item === undefined) {
      item = { category: '', categoryAt: -Infinity, isAvailable: true, availableAt: -Infinity };
      this.items.set(detach(id), item);
    }
    if (property === 'categoryid' && time >= item.categoryAt) {
      item.category = detach(value);
      item.categoryAt = time;
    } else if (property === 'available' && time >= item.availableAt) {
      item.isAvailable = value === '1';
      item.availableAt = time;
    }
    return 'KEPT';
  }

  finish(): void {
    for (const [id, { category, isAvailable }] of this.items)
      this.sink.item({ id, title: id, category: category === '' ? [] : [category], available: isAvailable });
  }

  rules() {
    return this.cleaning.counts();
  }
}
