/** Figures by name; null where a family has no model for it. */
export type Figures = Record<string, number | null>;

export const FAMILIES = ['baseline', 'single', 'multi', 'ensemble'] as const;
export type Family = (typeof FAMILIES)[number];
