import type { TrainEpoch } from './epoch.js';
import type { StepState } from './step.js';
import { decodeTensors, encodeTensors, type StoredTensor } from './tensor-file.js';

/** Where a training keeps its state; one place for one training. */
export interface Checkpoint {
  /** What was written last, or null. */
  read(): Promise<Uint8Array | null>;
  /** Must replace what was there as a whole or not at all. */
  write(bytes: Uint8Array): Promise<void>;
  /** At most this often; 15 unless said. The end of the last epoch is always written. */
  readonly everySeconds?: number;
}

/** A point within a training. */
export interface TrainingPosition {
  readonly epoch: number;
  /** Rows of the epoch that are done. */
  readonly row: number;
  /** The epoch's losses so far, added up. */
  readonly lossSums: number[];
  readonly epochs: readonly TrainEpoch[];
  readonly best: { epoch: number; loss: number; state: StepState } | null;
  /** Sum of the weights that are averaged so far, and how many they are. */
  readonly average: { count: number; state: StepState } | null;
  readonly state: StepState;
  /** Reads the state when it is due to be written. */
  readonly takeState?: () => StepState;
}

interface Header {
  readonly identity: string;
  readonly epoch: number;
  readonly row: number;
  readonly lossSums: number[];
  readonly epochs: readonly TrainEpoch[];
  readonly stepsDone: number;
  readonly best: { epoch: number; loss: number; stepsDone: number } | null;
  readonly averaged?: number;
}

const DEFAULT_SECONDS = 15;

/**
 * Opens a training's checkpoint.
 *
 * @param identity what the training is made of; a checkpoint of another identity is left alone and overwritten
 */
export async function openCheckpoint(
  checkpoint: Checkpoint,
  identity: string,
): Promise<{
  position: TrainingPosition | null;
  save: (position: TrainingPosition, isDue: boolean) => Promise<void>;
}> {
  const bytes = await checkpoint.read();
  let savedAt = performance.now();
  const pause = (checkpoint.everySeconds ?? DEFAULT_SECONDS) * 1000;
  return {
    position: bytes ? decodePosition(bytes, identity) : null,
    async save(position, isDue) {
      if (!isDue && performance.now() - savedAt < pause) return;
      await checkpoint.write(encodePosition(position, identity));
      savedAt = performance.now();
    },
  };
}

export function encodePosition(position: TrainingPosition, identity: string): Uint8Array {
  const state = position.takeState?.() ?? position.state;
  const { best, average } = position;
  const header: Header = {
    identity,
    epoch: position.epoch,
    row: position.row,
    lossSums: position.lossSums,
    epochs: position.epochs,
    stepsDone: state.stepsDone,
    best: best && { epoch: best.epoch, loss: best.loss, stepsDone: best.state.stepsDone },
    ...(average && { averaged: average.count }),
  };
  const tensors: Record<string, StoredTensor> = {};
  const put = (prefix: string, values: StepState['values']) => {
    for (const [name, array] of Object.entries(values)) {
      tensors[`${prefix}/${name}`] = { shape: [array.length], values: array };
    }
  };
  put('state', state.values);
  if (best) put('best', best.state.values);
  if (average) put('average', average.state.values);
  return encodeTensors({ tensors, metadata: { training: JSON.stringify(header) } });
}

/** The position in the bytes, or null when they are of another training. */
export function decodePosition(bytes: Uint8Array, identity: string): TrainingPosition | null {
  const { tensors, metadata } = decodeTensors(bytes);
  const header = JSON.parse(metadata.training ?? 'null') as Header | null;
  if (header?.identity !== identity) return null;
  const take = (prefix: string) => {
    const values: Record<string, Float32Array> = {};
    for (const [name, tensor] of Object.entries(tensors)) {
      if (name.startsWith(`${prefix}/`))
        values[name.slice(prefix.length + 1)] = tensor.values as Float32Array;
    }
    return values;
  };
  const { epoch, row, lossSums, epochs, stepsDone, best, averaged } = header;
  return {
    epoch,
    row,
    lossSums,
    epochs,
    best: best && {
      epoch: best.epoch,
      loss: best.loss,
      state: { stepsDone: best.stepsDone, values: take('best') },
    },
    average: averaged ? { count: averaged, state: { stepsDone, values: take('average') } } : null,
    state: { stepsDone, values: take('state') },
  };
}
