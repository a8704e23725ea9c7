import { AppError } from '../../errors.js';

/** What one unit of each currency is worth in the shop's. */
export type Rates = Readonly<Record<string, number>>;

/** An amount in the shop's currency, or why it cannot be had. */
export type Exchanged =
  | { readonly amount: number; readonly currency: string | null; readonly isConverted: boolean }
  | { readonly problem: string };

/** @throws AppError BAD_USER_INPUT for rates without a currency to convert to, or a rate that is not above zero */
export function checkRates(currency?: string, rates?: Rates): void {
  if (rates === undefined) return;
  if (currency === undefined)
    throw new AppError('BAD_USER_INPUT', 'Rates convert to a currency: say which, e.g. currency EUR.');
  for (const [code, rate] of Object.entries(rates)) {
    if (!/^[A-Z]{3}$/.test(code) || !(rate > 0 && Number.isFinite(rate)))
      throw new AppError(
        'BAD_USER_INPUT',
        `A rate is a code and a number above 0, such as USD=0.92; got ${code}=${rate}.`,
      );
  }
}

/** Brings amounts into one currency at declared rates. Without rates every amount stays as it is. */
export class Exchange {
  /** @throws AppError BAD_USER_INPUT for rates without a currency to convert to, or a rate that is not above zero */
  constructor(
    private readonly currency?: string,
    private readonly rates?: Rates,
  ) {
    checkRates(currency, rates);
  }

  /** @param currency null: the shop's own */
  convert(amount: number, currency: string | null): Exchanged {
    if (this.rates === undefined || currency === null || currency === this.currency || Number.isNaN(amount)) {
      return { amount, currency: currency ?? this.currency ?? null, isConverted: false };
    }
    const rate = this.rates[currency];
    if (rate === undefined) return { problem: `There is no rate for ${currency} to ${this.currency}.` };
    return { amount: amount * rate, currency: this.currency!, isConverted: true };
  }
}

/**
 * Reads rates as they are written on a command line, `USD=0.92,GBP=1.17`.
 *
 * @throws AppError BAD_USER_INPUT
 */
export function parseRates(text: string): Rates {
  const pairs = text.split(',').map((part) => {
    const [, code, rate] = /^\s*([A-Za-z]{3})\s*=\s*(\d+(?:\.\d+)?)\s*$/.exec(part) ?? [];
    if (code === undefined)
      throw new AppError('BAD_USER_INPUT', `"${part}" is no rate: expected code=number, such as USD=0.92.`);
    return [code.toUpperCase(), Number(rate)] as const;
  });
  return Object.fromEntries(pairs);
}
