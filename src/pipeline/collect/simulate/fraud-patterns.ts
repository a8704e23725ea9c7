/** Payment methods of simulated transactions. */
export const PAYMENT_METHODS = ['CARD', 'PAYPAL', 'INVOICE', 'BANK_TRANSFER', 'GIFT_CARD'] as const;

/** How often an order of one kind shows each trait, all independent of one another given the kind. */
export interface Traits {
  /** A device the user never used, where some device of the user is known. */
  readonly newDevice: number;
  /** IP address in another country than the bill's. */
  readonly ipElsewhere: number;
  /** Goods sent to another country than the bill's. */
  readonly shippedElsewhere: number;
  /** By PAYMENT_METHODS; adds up to 1. */
  readonly payment: readonly number[];
}

export interface FraudPattern {
  readonly name: 'STOLEN_CARD' | 'ACCOUNT_TAKEOVER' | 'RING';
  readonly traits: Traits;
}

/** Honest orders: people change phones, travel and send presents. */
export const HONEST: Traits = {
  newDevice: 0.08,
  ipElsewhere: 0.04,
  shippedElsewhere: 0.05,
  payment: [0.52, 0.2, 0.16, 0.09, 0.03],
};

export const FRAUD_PATTERNS: readonly FraudPattern[] = [
  {
    name: 'STOLEN_CARD',
    traits: {
      newDevice: 0.85,
      ipElsewhere: 0.55,
      shippedElsewhere: 0.5,
      payment: [0.9, 0.05, 0.01, 0.02, 0.02],
    },
  },
  {
    name: 'ACCOUNT_TAKEOVER',
    traits: {
      newDevice: 0.9,
      ipElsewhere: 0.6,
      shippedElsewhere: 0.35,
      payment: [0.35, 0.3, 0.25, 0.05, 0.05],
    },
  },
  {
    name: 'RING',
    traits: {
      newDevice: 0.5,
      ipElsewhere: 0.25,
      shippedElsewhere: 0.4,
      payment: [0.25, 0.1, 0.15, 0.05, 0.45],
    },
  },
];

/** Shares of the patterns among frauds; adds up to 1. */
export const PATTERN_SHARES: readonly number[] = [0.45, 0.3, 0.25];
