import { Arg, Ctx, FieldResolver, Query, Resolver, Root, Subscription } from 'type-graphql';

import { clickThrough, orderDrift } from '../../analytics/index.js';
import { alertStream } from '../alert-stream.js';
import { Access } from '../auth.js';
import { calibrationReports } from '../calibration.js';
import type { Context } from '../context.js';
import { requireRange } from '../inputs/checks.js';
import { DateRange } from '../inputs/filters.input.js';
import {
  Alert,
  CalibrationReport,
  ClickThrough,
  ErrorCount,
  FeatureDrift,
  Monitoring,
  OperationLatency,
  toAlert,
} from '../types/monitoring.type.js';

@Resolver(() => Monitoring)
export class MonitoringResolver {
  @Access('STUDIO')
  @Query(() => Monitoring, { description: 'How the models and the API did in a range of time.' })
  monitoring(@Arg('range', () => DateRange, { description: 'Which time.' }) range: DateRange): Monitoring {
    return { range: requireRange(range) };
  }

  @FieldResolver(() => [FeatureDrift], {
    description:
      'Orders of the range against those that the version in service learned from; empty before the first deployment.',
  })
  async drift(@Root() { range }: Monitoring, @Ctx() { shop, loaders }: Context): Promise<FeatureDrift[]> {
    const [newest] = await loaders.activeDeployments.load('all');
    const version = newest ? await loaders.modelVersionById.load(newest.modelVersionId) : null;
    return version ? orderDrift(shop, range, version.dataUntil) : [];
  }

  @FieldResolver(() => [CalibrationReport], {
    description: 'Of the models in service, as measured on their test period.',
  })
  calibration(@Ctx() { loaders }: Context): Promise<CalibrationReport[]> {
    return calibrationReports(loaders);
  }

  @FieldResolver(() => ClickThrough, { description: 'What became of what was shown.' })
  clickThrough(@Root() { range }: Monitoring, @Ctx() { shop }: Context): Promise<ClickThrough> {
    return clickThrough(shop, range);
  }

  @FieldResolver(() => [OperationLatency], {
    description: 'How long answers of this API process took, of the last 20,000, by operation.',
  })
  latency(@Root() { range }: Monitoring, @Ctx() { services }: Context): OperationLatency[] {
    return services.requests.latency(range.from, range.to);
  }

  @FieldResolver(() => [ErrorCount], {
    description: 'Errors that this API process answered, of the last 20,000, by code.',
  })
  errors(@Root() { range }: Monitoring, @Ctx() { services }: Context): ErrorCount[] {
    return services.requests.errorCounts(range.from, range.to);
  }

  @FieldResolver(() => [Alert], { description: 'Alerts, the newest first.' })
  async alerts(@Root() { range }: Monitoring, @Ctx() { shop }: Context): Promise<Alert[]> {
    return (await shop.alerts(range.from, range.to)).map(toAlert);
  }

  @Access('STUDIO')
  @Subscription(() => Alert, {
    subscribe: ({ context }) => alertStream(context as Context),
    description: "The shop's alerts as they are raised.",
  })
  monitoringAlerts(@Root() alert: Alert): Alert {
    return alert;
  }
}
