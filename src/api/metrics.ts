/** Prometheus metrics of one API process. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { ErrorCode } from '../errors.js';
import type { Store } from '../store/index.js';
import type { ImpressionWriter } from './impression-writer.js';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface Metrics {
  readonly registry: Registry;
  answered(operation: string, ms: number): void;
  failed(code: ErrorCode): void;
  ingested(kind: string, accepted: number, rejected: number): void;
}

export function createMetrics(store: Store, impressions: ImpressionWriter): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: 'tandem_graphql_duration_seconds',
    help: 'Time from request to answer, by operation name.',
    labelNames: ['operation'],
    buckets: SECONDS,
    registers,
  });
  const errors = new Counter({
    name: 'tandem_graphql_errors_total',
    help: 'Errors answered, by code.',
    labelNames: ['code'],
    registers,
  });
  const rows = new Counter({
    name: 'tandem_ingested_rows_total',
    help: 'Rows taken in through POST /ingest, by kind and outcome.',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  new Counter({
    name: 'tandem_sql_statements_total',
    help: 'SQL statements sent.',
    registers,
    collect() {
      this.reset();
      this.inc(store.statementCount());
    },
  });
  new Gauge({
    name: 'tandem_impressions_waiting',
    help: 'Impressions that are not written yet.',
    registers,
    collect() {
      this.set(impressions.waiting());
    },
  });
  return {
    registry,
    answered: (operation, ms) => durations.observe({ operation }, ms / 1000),
    failed: (code) => errors.inc({ code }),
    ingested: (kind, accepted, rejected) => {
      rows.inc({ kind, outcome: 'accepted' }, accepted);
      rows.inc({ kind, outcome: 'rejected' }, rejected);
    },
  };
}
