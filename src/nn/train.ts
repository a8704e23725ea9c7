import { type BatchArrays, type BatchSpec, countRows, sliceRows } from './batch.js';
import { type Checkpoint, openCheckpoint, type TrainingPosition } from './checkpoint.js';
import { EpochSum, type MeanLosses, type TrainEpoch } from './epoch.js';
import { Random } from './random.js';
import { memorySource, type RowSource } from './row-source.js';
import type { CompiledStep, StepState } from './step.js';

export interface EarlyStopping {
  /** Epochs without a better validation loss after which training ends. */
  readonly patience: number;
  /** The task whose validation loss counts; the total unless said. */
  readonly task?: string;
}

export interface TrainOptions<S extends BatchSpec> {
  readonly step: CompiledStep<S>;
  /** Training examples, column by column; or a source that reads them in blocks, for more than memory holds. */
  readonly columns: BatchArrays<S> | RowSource<S>;
  /**
   * Rows of a source's block; 65,536 unless said, rounded to whole batches. Blocks are shuffled, and rows within each block; the next
   * block is read while the steps of one run.
   */
  readonly blockRows?: number;
  readonly validation?: BatchArrays<S>;
  readonly batchSize: number;
  /** At most this many validation examples at a time; 4096 unless said. */
  readonly validationBatchSize?: number;
  readonly epochs: number;
  /** Of the order of the examples. */
  readonly seed: number;
  /** With it, the best epoch's weights are kept at the end; without, the last one's. Needs `validation`. */
  readonly earlyStopping?: EarlyStopping;
  /** Epochs after which the weights go into an average; with it, the average is kept at the end. Not together with `earlyStopping`. */
  readonly averageAfter?: readonly number[];
  readonly onEpoch?: (epoch: TrainEpoch) => void;
  /** Share of the steps that is done, 0 to 1; called some times a second. */
  readonly onProgress?: (share: number) => void;
  /** Aborted: train rejects with its reason within a step. */
  readonly signal?: AbortSignal;
  /** Keeps the state, so that a killed training goes on and ends with the same weights to the bit. */
  readonly checkpoint?: Checkpoint;
}

export interface TrainResult {
  readonly epochs: readonly TrainEpoch[];
  /** The epoch whose weights were kept. */
  readonly bestEpoch: number;
  readonly hasStoppedEarly: boolean;
}

const VALIDATION_BATCH = 4096;
const BLOCK_ROWS = 65_536;
/** Other work of the process (heartbeats, cancelling) waits at most about this long. */
const YIELD_AFTER_MS = 40;

/** Sizes of the batches that a number of rows is cut into: full ones, and the rest. */
function sizesOf(rows: number, batchSize: number): number[] {
  const sizes = rows >= batchSize ? [batchSize] : [];
  return rows % batchSize > 0 ? [...sizes, rows % batchSize] : sizes;
}

/**
 * Trains over columns of examples: each epoch visits all in an order of its own (drawn from the seed and the epoch's number), in
 * batches that are assembled into arrays kept for that. Ends with the kept weights in the step and in its weight set.
 *
 * @throws Error when a loss is not finite, naming epoch and step; signal.reason when aborted
 */
export async function train<S extends BatchSpec>(options: TrainOptions<S>): Promise<TrainResult> {
  return new Training(options).run();
}

/** The blocks of an epoch in its order, each with the generator of its rows' order. */
function blockOrder(
  random: Random,
  rows: number,
  blockRows: number,
): { start: number; size: number; random: Random }[] {
  const count = Math.ceil(rows / blockRows);
  if (count === 1) return [{ start: 0, size: rows, random }];
  return Array.from(random.permutation(count), (block) => {
    const start = block * blockRows;
    return { start, size: Math.min(blockRows, rows - start), random: random.fork(block) };
  });
}

/** Starts to read a block. Where nobody comes to wait for it (the training ended before), its failure is of no interest. */
function readAhead<S extends BatchSpec>(
  source: RowSource<S>,
  block: { start: number; size: number },
): Promise<BatchArrays<S>> {
  const reading = source.read(block.start, block.size);
  reading.catch(() => undefined);
  return reading;
}

const emptyState = ({ stepsDone, values }: StepState): StepState => ({
  stepsDone,
  values: Object.fromEntries(
    Object.entries(values).map(([name, array]) => [name, new Float32Array(array.length)]),
  ),
});

const meanState = ({ count, state }: { count: number; state: StepState }): StepState => ({
  ...state,
  values: Object.fromEntries(
    Object.entries(state.values).map(([name, sums]) => [name, sums.map((sum) => sum / count)]),
  ),
});

class Training<S extends BatchSpec> {
  private readonly source: RowSource<S>;
  private readonly rows: number;
  private readonly blockRows: number;
  private readonly epochs: TrainEpoch[] = [];
  private best: { epoch: number; loss: number; state: StepState } | null = null;
  private average: { count: number; state: StepState } | null = null;
  /** The block that the step has; with all examples in memory there is one for all epochs. */
  private loaded: BatchArrays<S> | null = null;
  private lastYield = performance.now();

  constructor(private readonly options: TrainOptions<S>) {
    const { step, columns, validation, batchSize, earlyStopping, averageAfter } = options;
    if (earlyStopping && !validation) throw new Error('Early stopping needs validation examples');
    if (earlyStopping && averageAfter) throw new Error('Either the best weights are kept or an average');
    const isSource = typeof columns.read === 'function';
    this.source = isSource ? (columns as RowSource<S>) : memorySource(step.batch, columns as BatchArrays<S>);
    this.rows = this.source.rows;
    const wanted = isSource ? (options.blockRows ?? BLOCK_ROWS) : this.rows;
    this.blockRows = Math.max(1, Math.ceil(wanted / batchSize)) * batchSize;
    const validationRows = validation ? countRows(step.batch, validation) : 0;
    step.prepare(sizesOf(this.rows, batchSize), sizesOf(validationRows, this.validationBatch()));
  }

  private validationBatch(): number {
    return this.options.validationBatchSize ?? VALIDATION_BATCH;
  }

  async run(): Promise<TrainResult> {
    const { step, epochs, checkpoint } = this.options;
    const saved = checkpoint ? await openCheckpoint(checkpoint, this.identity()) : null;
    let position = await this.resume(saved?.position ?? null);
    let hasStoppedEarly = this.isPatienceOver();
    while (position.epoch <= epochs && !hasStoppedEarly) {
      await this.runEpoch(position, saved?.save ?? null);
      hasStoppedEarly = this.isPatienceOver();
      position = { epoch: position.epoch + 1, row: 0, lossSums: [] };
    }
    if (this.best) step.importState(this.best.state);
    if (this.average) step.importState(meanState(this.average));
    step.pullWeights();
    const bestEpoch = this.best?.epoch ?? this.epochs.length;
    return { epochs: this.epochs, bestEpoch, hasStoppedEarly };
  }

  /** What must be equal for a checkpoint to be gone on with. */
  private identity(): string {
    const { batchSize, seed, step } = this.options;
    return JSON.stringify({
      rows: this.rows,
      batchSize,
      seed,
      columns: step.batch,
      parameters: step.weights.parameters,
    });
  }

  private async resume(
    saved: TrainingPosition | null,
  ): Promise<{ epoch: number; row: number; lossSums: number[] }> {
    if (!saved) return { epoch: 1, row: 0, lossSums: [] };
    this.options.step.importState(saved.state);
    this.epochs.push(...saved.epochs);
    this.best = saved.best;
    this.average = saved.average;
    for (const epoch of saved.epochs) this.options.onEpoch?.(epoch);
    await this.breathe(true);
    return { epoch: saved.epoch, row: saved.row, lossSums: saved.lossSums };
  }

  private async runEpoch(
    from: { epoch: number; row: number; lossSums: number[] },
    save: ((position: TrainingPosition, isDue: boolean) => Promise<void>) | null,
  ): Promise<void> {
    const { step, batchSize, seed, epochs, onProgress, onEpoch } = this.options;
    const { epoch } = from;
    const sum = new EpochSum(from.lossSums, from.row);
    let row = 0; // rows before the block, in the epoch's order
    const blocks = blockOrder(new Random(seed).fork(`epoch ${epoch}`), this.rows, this.blockRows);
    const left = blocks.filter(({ size }) => (row += size) > from.row);
    row = this.rows - left.reduce((all, { size }) => all + size, 0);
    let next = readAhead(this.source, left[0]);
    for (const [at, { size: blockSize, random }] of left.entries()) {
      const block = await next;
      if (block !== this.loaded) step.loadRows(block);
      this.loaded = block;
      const after = left[at + 1];
      if (after) next = readAhead(this.source, after);
      const order = random.permutation(blockSize);
      for (let done = Math.max(0, from.row - row); done < blockSize;) {
        const size = Math.min(batchSize, blockSize - done);
        const losses = step.runRows(order, done, size);
        done += size;
        if (!Number.isFinite(losses[0])) {
          throw new Error(
            `The training loss is ${losses[0]} in epoch ${epoch}, step ${Math.ceil((row + done) / batchSize)}`,
          );
        }
        sum.add(losses, size, step.taskReport);
        if (await this.breathe(false)) {
          onProgress?.((epoch - 1 + (row + done) / this.rows) / epochs);
          if (save && row + done < this.rows) await save(this.position(epoch, row + done, sum.sums), false);
        }
      }
      row += blockSize;
    }
    const report: TrainEpoch = {
      epoch,
      train: sum.mean(step.taskNames),
      tasks: sum.meanTasks(step.taskReport),
      validation: await this.validate(),
    };
    this.epochs.push(report);
    this.keepBest(report);
    this.addToAverage(epoch);
    onEpoch?.(report);
    onProgress?.(epoch / epochs);
    if (save) await save(this.position(epoch + 1, 0, []), epoch === epochs);
    await this.breathe(false);
  }

  private position(epoch: number, row: number, lossSums: readonly number[]): TrainingPosition {
    return {
      epoch,
      row,
      lossSums: [...lossSums],
      epochs: this.epochs,
      best: this.best,
      average: this.average,
      state: { stepsDone: 0, values: {} },
      takeState: () => this.options.step.exportState(),
    };
  }

  private async validate(): Promise<MeanLosses | null> {
    const { step, validation } = this.options;
    if (!validation) return null;
    const rows = countRows(step.batch, validation);
    const sum = new EpochSum();
    for (let row = 0; row < rows; row += this.validationBatch()) {
      const size = Math.min(this.validationBatch(), rows - row);
      sum.add(step.evaluate(sliceRows(step.batch, validation, row, size)), size);
      await this.breathe(false);
    }
    return sum.mean(step.taskNames);
  }

  private keepBest(report: TrainEpoch): void {
    const { earlyStopping, step } = this.options;
    if (!earlyStopping || !report.validation) return;
    const { task } = earlyStopping;
    const loss = task === undefined ? report.validation.total : report.validation.tasks[task];
    if (loss === undefined)
      throw new Error(`Early stopping watches "${task}", which is not a task of the loss`);
    if (!this.best || loss < this.best.loss)
      this.best = { epoch: report.epoch, loss, state: step.exportState() };
  }

  private addToAverage(epoch: number): void {
    const { step, averageAfter } = this.options;
    if (!averageAfter?.includes(epoch)) return;
    const state = step.exportState();
    if (!this.average) this.average = { count: 0, state: emptyState(state) };
    this.average.count++;
    for (const [name, sums] of Object.entries(this.average.state.values))
      state.values[name].forEach((value, at) => (sums[at] += value));
  }

  private isPatienceOver(): boolean {
    const { earlyStopping } = this.options;
    if (!earlyStopping || !this.best) return false;
    return this.epochs.length - this.best.epoch >= earlyStopping.patience;
  }

  /** Lets other work run now and then; returns whether it did. @throws signal.reason when aborted */
  private async breathe(isForced: boolean): Promise<boolean> {
    const { signal } = this.options;
    if (signal?.aborted) throw signal.reason;
    if (!isForced && performance.now() - this.lastYield < YIELD_AFTER_MS) return false;
    await new Promise((resolve) => setImmediate(resolve));
    this.lastYield = performance.now();
    if (signal?.aborted) throw signal.reason;
    return true;
  }
}
