import { clickThrough } from '../../analytics/index.js';
import { ServingHost } from '../../pipeline/deploy/host/index.js';
import { DAY_MS } from '../../pipeline/index.js';
import { checkShop, type ShopCheck } from '../../pipeline/monitor/index.js';
import type { JsonObject, ShopStore } from '../../store/index.js';
import type { Workshop } from './take-run.js';

/** Click-through of the last week is held against the four before. */
const RECENT_DAYS = 7;
const BEFORE_DAYS = 28;

/**
 * Looks at the models that serve a shop, keeps what was found and raises alerts.
 *
 * @returns null where nothing is deployed
 */
export async function checkModels(
  { store, files, log }: Workshop,
  shopKey: string,
): Promise<ShopCheck | null> {
  const shop = await store.forShop(shopKey);
  if ((await shop.activeDeployments()).length === 0) return null;
  const scorers = new ServingHost(store, files);
  try {
    const check = await checkShop({ store, shop, scorers, clicks: await clicksOf(shop) });
    const { asOf, drift, live, notDue, alerts } = check;
    // Through JSON, as it is stored: times become text.
    const result = JSON.parse(JSON.stringify({ drift, live, notDue, alerts })) as JsonObject;
    await shop.addShopCheck({ asOf, result });
    log.info(
      { shopKey, alerts: alerts.length, raised: check.raised.length },
      'Looked at the models in service.',
    );
    return check;
  } finally {
    await scorers.close();
  }
}

/** By the time on the wall: that is when things are shown. */
async function clicksOf(shop: ShopStore) {
  const to = new Date();
  const middle = new Date(to.getTime() - RECENT_DAYS * DAY_MS);
  const from = new Date(middle.getTime() - BEFORE_DAYS * DAY_MS);
  const [before, recent] = await Promise.all([
    clickThrough(shop, { from, to: middle }),
    clickThrough(shop, { from: middle, to }),
  ]);
  return { before, recent };
}
