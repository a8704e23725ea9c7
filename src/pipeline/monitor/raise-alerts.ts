import type { AlertRow, ShopStore, Store } from '../../store/index.js';
import type { AlertDraft } from './rules.js';

/** Channel on which every process hears of new alerts: `{ shopKey, alert }`, its time as ISO-8601. */
export const ALERTS_CHANNEL = 'alerts';

/** What was said is not said again for a day, unless it has become worse. */
const QUIET_MS = 86_400_000;
const SEVERITIES: readonly AlertRow['severity'][] = ['INFO', 'WARNING', 'CRITICAL'];

/**
 * Stores alerts and publishes them. One that was raised in the last 24 hours about the same thing (kind and the message up to its first
 * colon) with at least the same severity is left out.
 *
 * @returns those that were raised
 */
export async function raiseAlerts(
  store: Pick<Store, 'notify'>,
  shop: Pick<ShopStore, 'shopKey' | 'alerts' | 'addAlert'>,
  drafts: readonly AlertDraft[],
  now = new Date(),
): Promise<AlertRow[]> {
  if (drafts.length === 0) return [];
  // The database's clock may be a little ahead of this process's.
  const known = await shop.alerts(new Date(now.getTime() - QUIET_MS), new Date(now.getTime() + QUIET_MS));
  const said = new Map<string, number>();
  for (const alert of known) said.set(topicOf(alert), Math.max(said.get(topicOf(alert)) ?? 0, rankOf(alert)));
  const raised: AlertRow[] = [];
  for (const draft of drafts) {
    const before = said.get(topicOf(draft));
    if (before !== undefined && before >= rankOf(draft)) continue;
    const alert = await shop.addAlert(draft);
    said.set(topicOf(draft), rankOf(draft));
    raised.push(alert);
    await store.notify(ALERTS_CHANNEL, {
      shopKey: shop.shopKey,
      alert: { ...draft, id: alert.id, createdAt: alert.createdAt.toISOString() },
    });
  }
  return raised;
}

const topicOf = ({ kind, message }: AlertDraft): string => `${kind}/${message.split(':')[0]}`;
const rankOf = ({ severity }: AlertDraft): number => SEVERITIES.indexOf(severity);
