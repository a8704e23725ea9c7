import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';

import { AppError } from '../../errors.js';
import { resumeSchedule, scheduleCrawl, schedulePull } from '../../jobs/index.js';
import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { toCrawlRequest } from '../crawl-request.js';
import { given } from '../inputs/checks.js';
import { SourceSchedule, SourceScheduleInput, toSourceSchedule } from '../types/source-schedule.type.js';

@Resolver(() => SourceSchedule)
export class SourceScheduleResolver {
  @Access('STUDIO', 'INGEST')
  @Query(() => [SourceSchedule], { description: 'Pulls and crawls that come by the clock.' })
  async sourceSchedules(@Ctx() { shop }: Context): Promise<SourceSchedule[]> {
    return (await shop.schedules()).map(toSourceSchedule);
  }

  @Access()
  @Mutation(() => SourceSchedule, {
    description:
      'Has a shop system pulled or a catalogue crawled by the clock, in the place of what was set for it.',
  })
  async setSourceSchedule(
    @Arg('input', () => SourceScheduleInput, { description: 'What, and when.' }) input: SourceScheduleInput,
    @Ctx() { services, shop }: Context,
  ): Promise<SourceSchedule> {
    const { connectionId, crawl, ...rhythm } = given<SourceScheduleInput>(input);
    if ((connectionId === undefined) === (crawl === undefined))
      throw new AppError('BAD_USER_INPUT', 'input: expected connectionId or crawl, one of the two.');
    if (crawl !== undefined)
      return toSourceSchedule(await scheduleCrawl(shop, toCrawlRequest(services, crawl), rhythm));
    const connection = await shop.connectionById(connectionId ?? '');
    if (connection === null) throw new AppError('NOT_FOUND', `There is no connection ${connectionId}.`);
    return toSourceSchedule(await schedulePull(shop, connection, rhythm));
  }

  @Access()
  @Mutation(() => SourceSchedule, { description: 'Lets a schedule wait; a job that runs goes on.' })
  async pauseSourceSchedule(
    @Arg('id', () => ID, { description: 'The schedule.' }) id: string,
    @Ctx() { shop }: Context,
  ): Promise<SourceSchedule> {
    return toSourceSchedule(await shop.continueSchedule(id, null));
  }

  @Access()
  @Mutation(() => SourceSchedule, {
    description: 'Goes on with a paused schedule: an interval at once, an expression at its next time.',
  })
  async resumeSourceSchedule(
    @Arg('id', () => ID, { description: 'The schedule.' }) id: string,
    @Ctx() { shop }: Context,
  ): Promise<SourceSchedule> {
    return toSourceSchedule(await resumeSchedule(shop, id));
  }

  @Access()
  @Mutation(() => Boolean, { description: 'Ends a schedule; what came by it stays.' })
  removeSourceSchedule(
    @Arg('id', () => ID, { description: 'The schedule.' }) id: string,
    @Ctx() { shop }: Context,
  ): Promise<boolean> {
    return shop.removeSchedule(id);
  }
}
