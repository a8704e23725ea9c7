/**
 * An amount as a decimal string with two to four decimals, free of binary rounding (0.1 + 0.2 gives "0.30").
 *
 * @throws RangeError for a value that is not finite
 */
export function decimalString(amount: number): string {
  if (!Number.isFinite(amount)) throw new RangeError(`An amount must be finite; it is ${amount}.`);
  return amount.toFixed(4).replace(/0{1,2}$/, '');
}
