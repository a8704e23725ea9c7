/** Writes what was shown, without keeping the answer waiting. */
import type { Logger } from '../log.js';
import type { ImpressionWrite, ShopStore } from '../store/index.js';

/** From here on an answer waits for the store, so that memory stays bounded however slow the store is. */
const MAX_WAITING = 50_000;
const MAX_BATCH = 5000;
const RETRY_MS = 1000;

interface Queue {
  readonly shop: ShopStore;
  rows: ImpressionWrite[];
  writing: Promise<void> | null;
}

/**
 * Impressions are queued and written in batches, one statement each, while the answer is already on its way. A failed write is
 * tried again until it passes; `flush` (before feedback on them is stored, and when the server closes) waits for all of them. Only
 * a killed process loses the fraction of a second that is waiting.
 */
export class ImpressionWriter {
  private readonly queues = new Map<string, Queue>();
  private isClosing = false;

  constructor(private readonly log: Logger) {}

  /** Resolves at once while fewer than 50,000 rows wait. */
  async write(shop: ShopStore, rows: readonly ImpressionWrite[]): Promise<void> {
    if (rows.length === 0) return;
    let queue = this.queues.get(shop.shopKey);
    if (!queue) this.queues.set(shop.shopKey, (queue = { shop, rows: [], writing: null }));
    queue.rows.push(...rows);
    queue.writing ??= this.drain(queue);
    if (queue.rows.length > MAX_WAITING) await queue.writing;
  }

  /** Rows that wait. */
  waiting(): number {
    let rows = 0;
    for (const queue of this.queues.values()) rows += queue.rows.length;
    return rows;
  }

  async flush(shop?: ShopStore): Promise<void> {
    const queues = [...this.queues.values()].filter((queue) => !shop || queue.shop.shopKey === shop.shopKey);
    await Promise.all(queues.map((queue) => queue.writing ?? Promise.resolve()));
  }

  /** Writes all that waits; gives a failing store one last try. */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.flush();
  }

  private async drain(queue: Queue): Promise<void> {
    // The answers of this moment queue their rows first, so that they go in one statement.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.rows.length > 0) {
      const batch = queue.rows.slice(0, MAX_BATCH);
      try {
        await queue.shop.recordImpressions(batch);
        queue.rows = queue.rows.slice(batch.length);
      } catch (thrown) {
        this.log.error({ err: thrown, rows: queue.rows.length }, 'Writing impressions failed.');
        if (this.isClosing) break;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    queue.writing = null;
  }
}
