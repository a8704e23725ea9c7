import { FRAUD_PATTERNS, HONEST, PATTERN_SHARES, type Traits } from './fraud-patterns.js';
import { type DrivenTask, PROCESS, type Trait, TRAITS } from './process.js';
import { PRIOR } from './simulate-transactions.js';

/** Something that truly moves a task, and the features (as the stages name them) that show it. */
export interface Cause {
  readonly name: string;
  readonly features: readonly string[];
  /** Logits (or log-hazard) of the task with one more of it: a deviation of a trait, a yes of a flag. */
  readonly weight: number;
}

/** User features that show a trait. */
const SHOWN_BY: Readonly<Record<Trait, readonly string[]>> = {
  hour: ['hour_mean'],
  units: ['units_per_line'],
  basket: ['order_mean_lines', 'order_last_lines'],
  price: ['mean_price', 'median_price'],
};
/** User features that no task has anything to do with. */
const USER_NOISE = ['from_home_country', 'from_near_countries'];
const FRAUD_NOISE = ['isWeekend'];

/**
 * The causes of a task with their weights, the strongest first, and features without any. How long ago and how often a user came moves purchase
 * intent and churn besides, by what it says of the hazards.
 *
 * @param direction [traits] that drives the task
 */
export function trueCauses(
  task: DrivenTask,
  direction: ArrayLike<number>,
): { causes: Cause[]; noise: readonly string[] } {
  const causes = task === 'FRAUD' ? fraudCauses() : traitCauses(task, direction);
  return {
    causes: causes
      .filter(({ weight }) => Math.abs(weight) > 1e-9)
      .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight)),
    noise: task === 'FRAUD' ? FRAUD_NOISE : USER_NOISE,
  };
}

const EFFECTS = {
  PURCHASE_INTENT: PROCESS.intentEffect,
  CHURN: -PROCESS.stayingEffect,
  RECOMMENDATION: PROCESS.tasteEffect,
} as const;

function traitCauses(task: Exclude<DrivenTask, 'FRAUD'>, direction: ArrayLike<number>): Cause[] {
  return TRAITS.map((name, at) => ({
    name,
    features: SHOWN_BY[name],
    weight: EFFECTS[task] * direction[at],
  }));
}

function fraudCauses(): Cause[] {
  const ratio = (share: (traits: Traits) => number) => {
    const fraud = FRAUD_PATTERNS.reduce((sum, { traits }, at) => sum + PATTERN_SHARES[at] * share(traits), 0);
    return Math.log(fraud / (1 - fraud)) - Math.log(share(HONEST) / (1 - share(HONEST)));
  };
  return [
    { name: 'device', features: ['isDeviceNew'], weight: ratio((traits) => traits.newDevice) },
    { name: 'ip', features: ['isIpNotBilling', 'isIpNew'], weight: ratio((traits) => traits.ipElsewhere) },
    {
      name: 'shipping',
      features: ['isShippingNotBilling', 'isShippingNew'],
      weight: ratio((traits) => traits.shippedElsewhere),
    },
    { name: 'amount', features: ['amountAgainstMean', 'amountAgainstMax'], weight: PRIOR.amountRatio },
    { name: 'first order', features: ['isFirstOrder'], weight: PRIOR.firstOrder },
    { name: 'velocity', features: ['ordersLastDay'], weight: PRIOR.recentOrder },
    { name: 'hours', features: ['isOutsideHours'], weight: PRIOR.outsideHours },
  ];
}
