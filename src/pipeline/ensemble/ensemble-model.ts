import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isCustomTask, type TaskName } from '../../tasks/index.js';
import {
  type Contribution,
  type DemandForecaster,
  type ExportableNetwork,
  type FitContext,
  type FraudScorer,
  type ItemRanker,
  type Model,
  type ModelType,
  NEXT_BEHAVIOURS,
  type SessionScorer,
  type TaskSharing,
  type TrainingData,
  type UserScorer,
} from '../index.js';
import { type Combination, isHardVote, memberWeights } from './combination.js';
import { combineClasses, combineProbabilities, combineQuantities } from './combine.js';
import { EnsembleRanking } from './ensemble-ranking.js';

const FILE = 'ensemble.json';

interface SavedEnsemble {
  readonly task: TaskName;
  readonly combination: Combination;
  readonly members: readonly { readonly architecture: string; readonly directory: string }[];
}

/** Several models' answers to one task, as one. Members come fitted; `fit` fits them all again. */
export class EnsembleModel implements Model {
  readonly family = 'ENSEMBLE';
  readonly tasks: readonly TaskName[];
  readonly users?: UserScorer;
  readonly items?: ItemRanker;
  readonly demand?: DemandForecaster;
  readonly fraud?: FraudScorer;
  readonly sessions?: SessionScorer;

  constructor(
    readonly architecture: string,
    private readonly task: TaskName,
    private readonly members: readonly Model[],
    private readonly combination: Combination,
  ) {
    this.tasks = [task];
    if (task === 'PURCHASE_INTENT' || task === 'CHURN' || isCustomTask(task))
      this.users = this.userScorer(task);
    if (task === 'RECOMMENDATION')
      this.items = new EnsembleRanking(
        this.each((member) => member.items),
        combination,
      );
    if (task === 'DEMAND') this.demand = this.forecaster();
    if (task === 'FRAUD') this.fraud = this.fraudScorer();
    if (task === 'NEXT_BEHAVIOUR' || task === 'SESSION_OUTCOME') this.sessions = this.sessionScorer(task);
  }

  async fit(data: TrainingData, context: FitContext): Promise<void> {
    for (const [index, member] of this.members.entries()) {
      const onProgress = (share: number) => context.onProgress((index + share) / this.members.length);
      await member.fit(data, { ...context, onProgress });
    }
  }

  async save(directory: string): Promise<void> {
    const members = [];
    for (const [index, member] of this.members.entries()) {
      const name = `member-${index + 1}`;
      await mkdir(join(directory, name));
      await member.save(join(directory, name));
      members.push({ architecture: member.architecture, directory: name });
    }
    const saved: SavedEnsemble = { task: this.task, combination: this.combination, members };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
  }

  /** Those of the members that are networks, for the ensemble's task. */
  sharing(): readonly TaskSharing[] {
    return this.members.flatMap((member) => member.sharing?.() ?? []);
  }

  networks(): readonly ExportableNetwork[] {
    const { architecture: ensemble, combination } = this;
    return this.members.flatMap((member, at) =>
      (member.networks?.() ?? [])
        .filter(({ tasks }) => tasks.includes(this.task))
        .map((network) => ({
          ...network,
          name: `member-${at + 1}/${network.name}`,
          memberOf: { ensemble, member: at + 1, architecture: member.architecture, combination },
        })),
    );
  }

  dispose(): void {
    for (const member of this.members) member.dispose();
  }

  private each<Scorer>(pick: (member: Model) => Scorer | undefined): Scorer[] {
    return this.members.map((member) => {
      const scorer = pick(member);
      if (!scorer) throw new Error(`${member.architecture} cannot answer ${this.task}.`);
      return scorer;
    });
  }

  private userScorer(task: TaskName): UserScorer {
    const scorers = this.each((member) => member.users);
    const combine = this.combination.isCount ? combineQuantities : combineProbabilities;
    return {
      scoreUsers: async (request) => {
        const scores = await Promise.all(scorers.map((scorer) => scorer.scoreUsers(request)));
        const members = scores.map((score) => score[task] ?? new Float32Array(request.users.length));
        return { [task]: combine(members, this.combination) };
      },
      ...(scorers.every((scorer) => typeof scorer.scoreExamples === 'function') && {
        scoreExamples: async (examples) => {
          const scores = await Promise.all(scorers.map((scorer) => scorer.scoreExamples!(examples)));
          const members = scores.map((score) => score[task] ?? new Float32Array(examples.users.length));
          return { [task]: combine(members, this.combination) };
        },
      }),
      explainUsers: async (request, asked, first) =>
        this.mergeExplanations(
          await Promise.all(scorers.map((scorer) => scorer.explainUsers(request, asked, Infinity))),
          first,
        ),
    };
  }

  /**
   * Contributions add up like the logits, or the logarithms of counts: by the members' weights, over the temperature. After an isotonic calibration they are those of the
   * logit before it, whose order it keeps.
   */
  private mergeExplanations(members: readonly Contribution[][][], first: number): Contribution[][] {
    const { calibration } = this.combination;
    const weights = isHardVote(this.combination)
      ? members.map(() => 1 / members.length)
      : memberWeights(this.combination);
    const temperature = calibration?.method === 'TEMPERATURE' ? calibration.temperature : 1;
    const share = (member: number) => weights[member] / temperature;
    return members[0].map((_, at) => {
      const sums = new Map<string, Contribution>();
      members.forEach((member, index) => {
        for (const part of member[at]) {
          const before = sums.get(part.feature)?.contribution ?? 0;
          sums.set(part.feature, { ...part, contribution: before + share(index) * part.contribution });
        }
      });
      return [...sums.values()]
        .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
        .slice(0, first);
    });
  }

  private forecaster(): DemandForecaster {
    const forecasters = this.each((member) => member.demand);
    const merge = (parts: readonly Float32Array[]) => combineQuantities(parts, this.combination);
    return {
      forecast: async (series, horizonDays) => {
        const parts = await Promise.all(
          forecasters.map((forecaster) => forecaster.forecast(series, horizonDays)),
        );
        return {
          units: merge(parts.map((part) => part.units)),
          low: merge(parts.map((part) => part.low)),
          high: merge(parts.map((part) => part.high)),
        };
      },
    };
  }

  private sessionScorer(task: 'NEXT_BEHAVIOUR' | 'SESSION_OUTCOME'): SessionScorer {
    const scorers = this.each((member) => member.sessions);
    return {
      scoreSessions: async (request) => {
        const scores = await Promise.all(scorers.map((scorer) => scorer.scoreSessions(request)));
        const members = scores.map((score) => score[task] ?? new Float32Array(0));
        if (task === 'SESSION_OUTCOME')
          return { SESSION_OUTCOME: combineProbabilities(members, this.combination) };
        return { NEXT_BEHAVIOUR: combineClasses(members, NEXT_BEHAVIOURS.length, this.combination) };
      },
    };
  }

  private fraudScorer(): FraudScorer {
    const scorers = this.each((member) => member.fraud);
    return {
      scoreTransactions: async (transactions) =>
        combineProbabilities(
          await Promise.all(scorers.map((scorer) => scorer.scoreTransactions(transactions))),
          this.combination,
        ),
      explainTransactions: async (transactions, first) =>
        this.mergeExplanations(
          await Promise.all(scorers.map((scorer) => scorer.explainTransactions(transactions, Infinity))),
          first,
        ),
    };
  }
}

/** The ensembles as architectures. @param resolve finds the type of a member */
export function ensembleType(architecture: string, resolve: (architecture: string) => ModelType): ModelType {
  return {
    architecture,
    family: 'ENSEMBLE',
    create: () => {
      throw new Error('An ensemble is made of trained members, not from hyper-parameters.');
    },
    load: async (directory) => {
      const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as SavedEnsemble;
      const members = await Promise.all(
        saved.members.map((member) => resolve(member.architecture).load(join(directory, member.directory))),
      );
      return new EnsembleModel(architecture, saved.task, members, saved.combination);
    },
  };
}
