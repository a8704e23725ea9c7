/** Answers of several nets that learnt together, as their mean. */
import type { TaskName } from '../../tasks/index.js';
import type {
  Contribution,
  DemandForecaster,
  FraudScorer,
  ItemRanker,
  RankingExampleRows,
  UserScorer,
} from '../index.js';
import { logitOf, type UserAwareRanking, UserRanking } from '../multi-task/index.js';
import { sigmoid } from '../single-task/index.js';

/** By the mean of the logits, and of the logarithms of counts. @param counted tasks that ask for a count */
export function meanUsers(members: readonly UserScorer[], counted: readonly TaskName[]): UserScorer {
  const combine = (
    scores: readonly Partial<Record<TaskName, Float32Array>>[],
  ): Partial<Record<TaskName, Float32Array>> => {
    const tasks = Object.keys(scores[0]) as TaskName[];
    return Object.fromEntries(
      tasks.map((task) => {
        const mean = counted.includes(task) ? meanCounts : meanProbabilities;
        return [task, mean(scores.map((score) => score[task]!))];
      }),
    );
  };
  return {
    scoreUsers: async (request) => combine(await each(members, (member) => member.scoreUsers(request))),
    explainUsers: async (request, task, first) =>
      meanContributions(await each(members, (member) => member.explainUsers(request, task, Infinity)), first),
    scoreExamples: async (examples) =>
      combine(await each(members, (member) => member.scoreExamples!(examples))),
  };
}

export function meanFraud(members: readonly FraudScorer[]): FraudScorer {
  return {
    scoreTransactions: async (transactions) =>
      meanProbabilities(await each(members, (member) => member.scoreTransactions(transactions))),
    explainTransactions: async (transactions, first) =>
      meanContributions(
        await each(members, (member) => member.explainTransactions(transactions, Infinity)),
        first,
      ),
  };
}

export function meanDemand(members: readonly DemandForecaster[]): DemandForecaster {
  return {
    forecast: async (series, horizonDays) => {
      const all = await each(members, (member) => member.forecast(series, horizonDays));
      return {
        units: meanOf(all.map(({ units }) => units)),
        low: meanOf(all.map(({ low }) => low)),
        high: meanOf(all.map(({ high }) => high)),
      };
    },
  };
}

/** All rank the same items: they learnt from the same history. */
export function meanItems(members: readonly UserAwareRanking[]): ItemRanker {
  const ranking: ItemRanker = new UserRanking(members[0].state, (request) => {
    const scorers = members.map((member) => member.scorers(request));
    return scorers[0].map(
      (_, at) => (user, similarity) => meanOf(scorers.map((own) => own[at](user, similarity))),
    );
  });
  return Object.assign(ranking, {
    scoreExamples: async (examples: RankingExampleRows) =>
      meanOf(await each(members, (member) => member.scoreExamples(examples))),
  });
}

/** One after another: they share the processor anyway, and memory is one's at a time. */
async function each<Member, Result>(
  members: readonly Member[],
  ask: (member: Member) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const member of members) results.push(await ask(member));
  return results;
}

function meanOf(parts: readonly Float32Array[]): Float32Array {
  return parts[0].map((_, at) => parts.reduce((sum, part) => sum + part[at], 0) / parts.length);
}

function meanProbabilities(parts: readonly Float32Array[]): Float32Array {
  return meanOf(parts.map((part) => part.map(logitOf))).map(sigmoid);
}

function meanCounts(parts: readonly Float32Array[]): Float32Array {
  return meanOf(parts.map((part) => part.map(Math.log))).map(Math.exp);
}

/** Contributions are in logits, so that they add up like these. */
function meanContributions(parts: readonly (readonly Contribution[][])[], first: number): Contribution[][] {
  return parts[0].map((_, row) => {
    const sums = new Map<string, Contribution>();
    for (const part of parts) {
      for (const own of part[row]) {
        const before = sums.get(own.feature)?.contribution ?? 0;
        sums.set(own.feature, { ...own, contribution: before + own.contribution / parts.length });
      }
    }
    return [...sums.values()]
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
      .slice(0, first);
  });
}
