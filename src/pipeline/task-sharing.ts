/** How a net that learns several tasks parts itself between them, as its training showed. */
import type { TaskName } from '../tasks/index.js';

/** How much a task takes from each source (an expert, another task's layers), on average over validation rows. */
export interface GateReport {
  /** A business task, or a stage of the funnel. */
  readonly task: string;
  /** Shares in [0, 1], 1 together. */
  readonly sources: readonly { readonly name: string; readonly share: number }[];
}

/** What a task's loss was multiplied by in the last epoch. */
export interface TaskWeight {
  readonly task: TaskName;
  readonly weight: number;
}

/** How two tasks' gradients by the shared layers lie to each other. */
export interface TaskAffinity {
  readonly task: TaskName;
  readonly other: TaskName;
  /** Cosine between them, -1 (against each other) to 1, mean over the training's steps. */
  readonly cosine: number;
}

/** What one net's training showed of its tasks. */
export interface TaskSharing {
  readonly architecture: string;
  readonly tasks: readonly TaskName[];
  /** Of every task whose architecture has gates; else empty. */
  readonly gates: readonly GateReport[];
  /** Of every task. */
  readonly weights: readonly TaskWeight[];
  /** Of every pair, where gradients were compared (PCGRAD, GRADNORM, `measureGradients`); else empty. */
  readonly affinities: readonly TaskAffinity[];
}
