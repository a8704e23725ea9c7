/** Each shop's clock: one millisecond after its latest behaviour, which all predictions are made as of. */
import type { ShopStore } from '../store/index.js';

/** How long a clock is taken as it was read; writes of this process move it at once. */
const FRESH_MS = 5000;

interface Reading {
  latestMs: number;
  readonly readAt: number;
}

export class ShopClocks {
  private readonly readings = new Map<string, Promise<Reading>>();

  /** Milliseconds since the epoch; 1 for a shop without behaviours. */
  async asOf(shop: ShopStore): Promise<number> {
    const known = this.readings.get(shop.shopKey);
    if (known) {
      const reading = await known;
      if (Date.now() - reading.readAt < FRESH_MS) return reading.latestMs + 1;
    }
    return (await this.read(shop)).latestMs + 1;
  }

  /** After a write: the clock never goes back. */
  async advance(shop: ShopStore, times: readonly Date[]): Promise<void> {
    const reading = await this.readings.get(shop.shopKey);
    if (!reading) return;
    for (const time of times) reading.latestMs = Math.max(reading.latestMs, time.getTime());
  }

  /** Forgets what was read, after an erasure or a bulk load. */
  forget(shop: ShopStore): void {
    this.readings.delete(shop.shopKey);
  }

  private read(shop: ShopStore): Promise<Reading> {
    const reading = shop
      .latestBehaviourAt()
      .then((latest) => ({ latestMs: latest?.getTime() ?? 0, readAt: Date.now() }));
    this.readings.set(shop.shopKey, reading);
    // A failed read must not be remembered; whoever asked gets the error.
    reading.catch(() => this.readings.delete(shop.shopKey));
    return reading;
  }
}
