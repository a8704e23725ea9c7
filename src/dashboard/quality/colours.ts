/** A family has one colour on every page. */
const COLOURS: Record<string, string> = {
  BASELINE: 'var(--baseline)',
  SINGLE: 'var(--single)',
  MULTI: 'var(--multi)',
  ENSEMBLE: 'var(--ensemble)',
};

export function familyColour(family: string): string {
  return COLOURS[family] ?? 'var(--accent)';
}
