import { detach } from '../values.js';

interface Mention {
  readonly description: string;
  readonly quantity: number;
  readonly occurredAt: Date;
  readonly unitPrice: number;
}

/** What the lines say about an item: its title by majority, its price by the latest line. */
export class InvoiceItemFacts {
  price: number | null = null;
  private pricedAt = -Infinity;
  private readonly titles = new Map<string, number>();

  add(line: Mention): void {
    const { description } = line;
    if (description !== '') {
      const count = this.titles.get(description);
      this.titles.set(count === undefined ? detach(description) : description, (count ?? 0) + 1);
    }
    const time = line.occurredAt.getTime();
    if (line.unitPrice > 0 && line.quantity > 0 && time >= this.pricedAt) {
      this.price = line.unitPrice;
      this.pricedAt = time;
    }
  }

  title(): string | null {
    let best: string | null = null;
    for (const [title, count] of this.titles)
      if (best === null || count > this.titles.get(best)!) best = title;
    return best;
  }
}
