import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';

import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { OpenSessionInput } from '../inputs/session.input.js';
import { firstSteps, isVisit, openSession, sessionsOf } from '../sessions.js';
import { requirePageSize } from '../types/connection.type.js';
import { ModelVersion } from '../types/model-version.type.js';
import { FeatureContribution } from '../types/prediction.type.js';
import { NextBehaviourPrediction, SessionOutcomePrediction, UserSession } from '../types/session.type.js';
import { User } from '../types/user.type.js';
import { loadModelVersion } from './model-version.resolver.js';

const CONTRIBUTIONS = 'Contributions, at most 100.';
const WHY =
  'Why: the largest contributions first. A contribution is what the logit loses without the behaviour, or without all from before the session.';

@Resolver(() => UserSession)
export class SessionResolver {
  @Access('STUDIO')
  @Query(() => UserSession, {
    nullable: true,
    description: 'A stored session of a user; null for one that is not stored.',
  })
  async session(
    @Arg('userId', () => ID, { description: "The shop's own id of the user." }) userId: string,
    @Arg('sessionId', () => ID, { description: "The shop's own id of the session." }) sessionId: string,
    @Arg('steps', () => Int, {
      nullable: true,
      description: 'Only its first so many behaviours, as if no more were known.',
    })
    steps: number | null,
    @Ctx() { loaders }: Context,
  ): Promise<UserSession | null> {
    const reading = await loaders.histories.read([userId]);
    const found = sessionsOf(reading, 0).find(({ id }) => id === sessionId) ?? null;
    return found && steps !== null && steps !== undefined ? firstSteps(found, steps) : found;
  }

  @Access('STUDIO', 'SHOP')
  @Query(() => UserSession, {
    description: 'How a session in progress goes on; it need not be stored, and is not.',
  })
  openSession(
    @Arg('session', () => OpenSessionInput, { description: 'The session so far.' }) session: OpenSessionInput,
    @Ctx() { loaders }: Context,
  ): Promise<UserSession> {
    return openSession(loaders.histories, loaders.itemByExternalId, session);
  }

  @FieldResolver(() => NextBehaviourPrediction, {
    nullable: true,
    description:
      'What comes next; null for sessions that begin with a purchase or refund (orders that were handed in, not visits), and with the error NOT_READY while no model answers.',
  })
  async nextBehaviour(
    @Root() { session }: UserSession,
    @Ctx() { loaders }: Context,
  ): Promise<NextBehaviourPrediction | null> {
    return isVisit(session) ? loaders.sessions.next(session) : null;
  }

  @FieldResolver(() => SessionOutcomePrediction, {
    nullable: true,
    description:
      'Whether a purchase follows; null where the session has one already or is no visit, and with the error NOT_READY while no model answers.',
  })
  async outcome(
    @Root() { session, hasPurchase }: UserSession,
    @Ctx() { loaders }: Context,
  ): Promise<SessionOutcomePrediction | null> {
    return isVisit(session) && !hasPurchase ? loaders.sessions.outcome(session) : null;
  }
}

@Resolver(() => User)
export class UserSessionsResolver {
  @FieldResolver(() => [UserSession], {
    description: "The user's visits, the newest first, each as of its latest behaviour.",
  })
  async sessions(
    @Root() { id }: User,
    @Arg('first', () => Int, { nullable: true, defaultValue: 5, description: 'Sessions, at most 100.' })
    first: number | null,
    @Ctx() { loaders }: Context,
  ): Promise<UserSession[]> {
    return (await loaders.userSessions.load(id)).slice(0, requirePageSize(first ?? 5));
  }
}

@Resolver(() => NextBehaviourPrediction)
export class NextBehaviourResolver {
  @FieldResolver(() => ModelVersion, { description: 'The version that answered.' })
  modelVersion(
    @Root() { modelVersionId }: NextBehaviourPrediction,
    @Ctx() { loaders }: Context,
  ): Promise<ModelVersion> {
    return loadModelVersion(loaders, modelVersionId);
  }

  @FieldResolver(() => [FeatureContribution], { description: WHY })
  explanation(
    @Root() { session }: NextBehaviourPrediction,
    @Arg('first', () => Int, { nullable: true, defaultValue: 5, description: CONTRIBUTIONS })
    first: number | null,
    @Ctx() { loaders }: Context,
  ): Promise<FeatureContribution[]> {
    return loaders.sessions.explain('NEXT_BEHAVIOUR', session, requirePageSize(first ?? 5));
  }
}

@Resolver(() => SessionOutcomePrediction)
export class SessionOutcomeResolver {
  @FieldResolver(() => ModelVersion, { description: 'The version that answered.' })
  modelVersion(
    @Root() { modelVersionId }: SessionOutcomePrediction,
    @Ctx() { loaders }: Context,
  ): Promise<ModelVersion> {
    return loadModelVersion(loaders, modelVersionId);
  }

  @FieldResolver(() => [FeatureContribution], { description: WHY })
  explanation(
    @Root() { session }: SessionOutcomePrediction,
    @Arg('first', () => Int, { nullable: true, defaultValue: 5, description: CONTRIBUTIONS })
    first: number | null,
    @Ctx() { loaders }: Context,
  ): Promise<FeatureContribution[]> {
    return loaders.sessions.explain('SESSION_OUTCOME', session, requirePageSize(first ?? 5));
  }
}
