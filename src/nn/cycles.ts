/** Trainings whose learning rate falls again and again, so that they pass by several good sets of weights. */
import { cosineSchedule, type Schedule } from './optimizers.js';

/** Which of the weights that a training passes by it ends with: those at the end of cycle `cycle` of `cycles`, from 1. */
export interface Snapshot {
  readonly cycles: number;
  readonly cycle: number;
}

export interface CycleOptions {
  readonly learningRate: number;
  readonly epochs: number;
  /** Steps of one epoch. */
  readonly steps: number;
  /** Share of the steps in which the learning rate rises, of a training without cycles. */
  readonly warmup?: number;
  /** Cycles whose ends are averaged; 0 = one fall of the learning rate, and the last weights. */
  readonly swaCycles?: number;
  readonly snapshot?: Snapshot;
}

/** What `train` and the optimizer are told. */
export interface CyclePlan {
  readonly epochs: number;
  readonly schedule: Schedule;
  /** Epochs after which the weights go into the average that is kept. */
  readonly averageAfter?: readonly number[];
}

/**
 * Plain: one cosine over all steps. With cycles: the learning rate falls along a cosine and starts anew (Loshchilov & Hutter, ICLR 2017), epochs
 * rounded up to whole cycles. `swaCycles` averages the weights at the ends of the cycles (stochastic weight averaging: Izmailov et al., UAI 2018);
 * `snapshot` stops at one of them (snapshot ensembles: Huang et al., ICLR 2017). A training that goes on from the checkpoint of an earlier cycle's
 * snapshot passes by the very weights of one that never stopped.
 */
export function cyclePlan(options: CycleOptions): CyclePlan {
  const { learningRate, epochs, steps, warmup = 0, swaCycles = 0, snapshot } = options;
  const cycles = snapshot?.cycles ?? swaCycles;
  if (cycles < 2) {
    const total = steps * epochs;
    return { epochs, schedule: cosineSchedule(learningRate, total, { warmup: Math.ceil(warmup * total) }) };
  }
  const epochsEach = Math.ceil(epochs / cycles);
  const schedule = cyclicCosineSchedule(learningRate, steps * epochsEach);
  if (snapshot) return { epochs: epochsEach * snapshot.cycle, schedule };
  const averageAfter = Array.from({ length: cycles }, (_, cycle) => epochsEach * (cycle + 1));
  return { epochs: epochsEach * cycles, schedule, averageAfter };
}

/** Falls from the rate towards 0 along a cosine within each cycle. @param stepsEach steps of a cycle */
function cyclicCosineSchedule(learningRate: number, stepsEach: number): Schedule {
  return (stepsDone) => (learningRate / 2) * (1 + Math.cos((Math.PI * (stepsDone % stepsEach)) / stepsEach));
}
