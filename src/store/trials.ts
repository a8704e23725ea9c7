/** Trials of searches: any number of workers take them up side by side. */
import { AppError } from '../errors.js';
import type { TrialResultValue, TrialRow } from './evaluation-rows.js';
import type { Prisma, SearchTrial } from './generated/client.js';
import { groupBy } from './group-by.js';
import { isUuid } from './row-checks.js';
import type { ShopContext } from './shop-context.js';

/** What is to be done next: a trial to start, one to give more budget or to go on with; null = nothing now. */
export type TrialClaim = Pick<TrialRow, 'number' | 'hyperparameters' | 'rung' | 'budget'>;

export interface TrialStore {
  /** By number. */
  trialsByRuns(runIds: readonly string[]): Promise<TrialRow[][]>;
  /**
   * Takes up what `choose` says of all trials of the run so far; of several workers one after another does so, so that none is taken twice.
   *
   * @returns the trial, RUNNING; null when `choose` gave none
   */
  claimTrial(
    runId: string,
    choose: (trials: readonly TrialRow[]) => TrialClaim | null,
  ): Promise<TrialRow | null>;
  /** Ends the rung that a claimed trial is on. @returns whether the trial was still this claim's */
  finishTrial(
    claim: TrialRow,
    end: {
      readonly status: 'PAUSED' | 'SUCCEEDED' | 'FAILED';
      readonly result?: TrialResultValue;
      readonly error?: string;
    },
  ): Promise<boolean>;
  /** Puts a running trial back for another worker, unless one has taken it since it was read. @returns whether it was put back */
  releaseTrial(trial: TrialRow, attempts?: number): Promise<boolean>;
}

export function trialStore({ prisma, shopId }: ShopContext): TrialStore {
  const claimed = ({ runId, number, rung, attempts }: TrialRow) => ({
    runId,
    number,
    rung,
    attempts,
    status: 'RUNNING',
  });
  return {
    trialsByRuns: async (runIds) => {
      const where = { runId: { in: runIds.filter(isUuid) } };
      const rows = await prisma.searchTrial.findMany({
        where,
        orderBy: [{ runId: 'asc' }, { number: 'asc' }],
      });
      return groupBy(runIds, rows.map(toTrial), (row) => row.runId);
    },
    claimTrial: (runId, choose) =>
      prisma.$transaction(async (transaction) => {
        const name = `trials ${runId}`;
        await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
        const rows = await transaction.searchTrial.findMany({ where: { runId }, orderBy: { number: 'asc' } });
        const trials = rows.map(toTrial);
        const claim = choose(trials);
        if (claim === null) return null;
        const { number, hyperparameters, rung, budget } = claim;
        const known = trials.find((trial) => trial.number === number);
        const now = new Date();
        const attempts = known?.status === 'WAITING' ? known.attempts + 1 : 1;
        const state = { status: 'RUNNING', rung, budget, attempts, claimedAt: now, finishedAt: null };
        const row = await transaction.searchTrial.upsert({
          where: { runId_number: { runId, number } },
          create: { runId, number, shopId, hyperparameters, startedAt: now, ...state },
          update: state,
        });
        return toTrial(row);
      }),
    finishTrial: async (claim, { status, result, error = null }) => {
      const results = [...claim.results, ...(result ? [result] : [])] as unknown as Prisma.InputJsonValue;
      const { count } = await prisma.searchTrial.updateMany({
        where: claimed(claim),
        data: { status, results, error, finishedAt: new Date() },
      });
      return count > 0;
    },
    releaseTrial: async (trial, attempts = trial.attempts) => {
      const { count } = await prisma.searchTrial.updateMany({
        where: claimed(trial),
        data: { status: 'WAITING', attempts },
      });
      return count > 0;
    },
  };
}

/** @throws AppError NOT_FOUND for a trial that the run does not have */
export function requireTrial(trials: readonly TrialRow[], runId: string, number: number): TrialRow {
  const trial = trials.find((candidate) => candidate.number === number);
  if (trial) return trial;
  throw new AppError('NOT_FOUND', `The run ${runId} has no trial ${number}.`);
}

function toTrial({ shopId: _shop, ...row }: SearchTrial): TrialRow {
  return row as unknown as TrialRow;
}
