import { z } from 'zod';

import { AppError } from '../../../errors.js';

const settingsSchema = z.strictObject({
  trees: z.number().int().min(1).max(5000),
  /** Leaves of a tree: one less than the features that it can combine. */
  leaves: z.number().int().min(2).max(8),
  /** What each tree's values are multiplied by. */
  shrinkage: z.number().gt(0).max(1),
  /** Rows that a leaf has at least; less where there are few rows in all. */
  leastRows: z.number().int().min(1),
  /** Pulls the values of leaves towards zero. */
  penalty: z.number().min(0).max(1e6),
  /** Share of the features that each tree may use. */
  columnShare: z.number().gt(0).max(1),
  /** Share of the rows that each tree is grown on. */
  rowShare: z.number().gt(0).max(1),
});

export type BoostingSettings = z.infer<typeof settingsSchema>;

/** Chosen on the bundled shop's cuts up to 2011-05-10. */
export const BOOSTING_DEFAULTS: BoostingSettings = {
  trees: 120,
  leaves: 6,
  shrinkage: 0.06,
  leastRows: 200,
  penalty: 10,
  columnShare: 0.15,
  rowShare: 0.5,
};

/** Settings from what a caller gave over the defaults. @throws AppError BAD_USER_INPUT that names the setting */
export function boostingSettings(given: Readonly<Record<string, unknown>>): BoostingSettings {
  const parsed = settingsSchema.safeParse({ ...BOOSTING_DEFAULTS, ...given });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'hyperparameters'}: ${issue.message}`,
  );
  throw new AppError('BAD_USER_INPUT', problems.join('; '));
}
