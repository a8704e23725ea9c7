/**
 * What a yes/no task's training does about classes of unequal size. Whatever is done, probabilities are brought back to the rate that the
 * labels really have.
 */
export const RESAMPLING_METHODS = [
  /** Examples as they are. */
  'NONE',
  /** Both classes weigh the same in the loss. */
  'CLASS_WEIGHTS',
  /** Examples that are easy already count less (Lin et al., ICCV 2017). */
  'FOCAL_LOSS',
  /** The rarer class is drawn again until the classes are of one size. */
  'OVERSAMPLE',
  /** As many of the larger class are drawn as there are of the rarer. */
  'UNDERSAMPLE',
  /** New examples of the rarer class between it and its neighbours (Chawla et al., JAIR 2002). */
  'SMOTE',
] as const;
export type ResamplingMethod = (typeof RESAMPLING_METHODS)[number];
