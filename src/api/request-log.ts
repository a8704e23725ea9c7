/** What this process answered lately, for `monitoring`; Prometheus keeps the long story. */
import type { ErrorCode } from '../errors.js';

/** Answers remembered in all; at 100 a second that is about three minutes, at one a second five hours. */
const REMEMBERED = 20_000;
/** Further names are counted as one, so that made-up names cannot fill the memory. */
const MAX_NAMES = 200;
const OTHER = '(other)';

interface Sample {
  readonly operation: string;
  readonly at: number;
  readonly ms: number;
}

export interface LatencySummary {
  readonly operation: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

export class RequestLog {
  private readonly samples: Sample[] = [];
  private next = 0;
  private readonly names = new Set<string>();
  private readonly errors: { code: ErrorCode; at: number }[] = [];
  private nextError = 0;

  /** @returns the name that it was counted under */
  answered(operation: string | null | undefined, ms: number, at = Date.now()): string {
    const name = this.boundedName(operation ?? '(unnamed)');
    this.samples[this.next++ % REMEMBERED] = { operation: name, at, ms };
    return name;
  }

  failed(code: ErrorCode, at = Date.now()): void {
    this.errors[this.nextError++ % REMEMBERED] = { code, at };
  }

  latency(from: Date, to: Date): LatencySummary[] {
    const byName = new Map<string, number[]>();
    for (const { operation, at, ms } of this.samples) {
      if (at < from.getTime() || at >= to.getTime()) continue;
      const times = byName.get(operation);
      if (times) times.push(ms);
      else byName.set(operation, [ms]);
    }
    const summaries = [...byName].map(([operation, times]) => {
      const sorted = Float64Array.from(times).sort();
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
      return { operation, count: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
    });
    return summaries.sort((a, b) => b.count - a.count || a.operation.localeCompare(b.operation));
  }

  errorCounts(from: Date, to: Date): { code: ErrorCode; count: number }[] {
    const counts = new Map<ErrorCode, number>();
    for (const { code, at } of this.errors) {
      if (at >= from.getTime() && at < to.getTime()) counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    return [...counts].map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count);
  }

  private boundedName(name: string): string {
    if (this.names.has(name)) return name;
    if (this.names.size >= MAX_NAMES) return OTHER;
    this.names.add(name);
    return name;
  }
}
