import { AppError } from '../errors.js';
import { DAY_MS } from '../pipeline/index.js';
import type { Context } from './context.js';
import type { DemandForecast } from './types/demand-forecast.type.js';
import { toItem } from './types/item.type.js';

/** Days that the forecaster is given: a year and a month, so that it can see the same season. */
const SERIES_DAYS = 395;
/** Days given back beside the forecast: eight weeks. */
const HISTORY_DAYS = 56;

/** @throws AppError NOT_FOUND for an unknown item, NOT_READY without a deployed forecaster */
export async function forecastDemand(
  { services, shop, loaders }: Context,
  itemId: string,
  horizonDays: number,
): Promise<DemandForecast> {
  const item = await loaders.itemByExternalId.load(itemId);
  if (!item) throw new AppError('NOT_FOUND', `There is no item ${itemId}.`);
  const series = await shop.readDemandSeries([itemId], SERIES_DAYS);
  const { values, servedBy } = await services.serving.forecast(shop.shopKey, series, horizonDays);
  const end = series.startDay + series.days * DAY_MS;
  const days = Array.from({ length: horizonDays }, (_, day) => ({
    date: isoDay(end + day * DAY_MS),
    units: values.units[day],
    low: values.low[day],
    high: values.high[day],
  }));
  const history = Array.from({ length: HISTORY_DAYS }, (_, day) => {
    const index = series.days - HISTORY_DAYS + day;
    return { date: isoDay(series.startDay + index * DAY_MS), units: series.units[index] };
  });
  const total = days.reduce((sum, day) => sum + day.units, 0);
  return { item: toItem(item), days, total, history, modelVersionId: servedBy.modelVersionId };
}

function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
