/** What collecting asks of one shop's store beside the rows themselves: sources, quarantine, identities. */
import type { Json, JsonObject } from './rows.js';

/** An entity of another system and when it last changed there. */
export interface EntityVersion {
  readonly id: string;
  readonly version: Date;
}

/** WAITING: to be read; READ; GONE: answered that it is no more, or holds no product any longer; FAILED: could not be read lately. */
export type PageState = 'WAITING' | 'READ' | 'GONE' | 'FAILED';

/** A page of a crawled catalogue. */
export interface CrawledPageRow {
  readonly url: string;
  readonly state: PageState;
  /** Links from the start to here. */
  readonly depth: number;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** Of the contents as they came, to tell pages that answer anew each time but did not change. */
  readonly contentHash: string | null;
  /** Items that the page described when it was last read. */
  readonly itemIds: string[];
  /** Reads in a row that failed. */
  readonly failures: number;
  readonly readAt: Date | null;
}

export interface SourceStore {
  /** Where the last pull of a resource stopped; null before the first. */
  readCursor(source: string, resource: string): Promise<JsonObject | null>;
  writeCursor(source: string, resource: string, cursor: JsonObject): Promise<void>;
  deleteCursor(source: string, resource: string): Promise<void>;
  /** Those that are newer than what was recorded, of several for one id the newest; in the order given. */
  newerVersions(source: string, resource: string, versions: readonly EntityVersion[]): Promise<Set<string>>;
  /** To be called when the entities are stored: a crash before it has them stored again, never lost. */
  recordVersions(source: string, resource: string, versions: readonly EntityVersion[]): Promise<void>;
  isDelivered(source: string, deliveryId: string): Promise<boolean>;
  /** Remembers a delivery for 30 days, longer than any sender repeats one. */
  recordDelivery(source: string, deliveryId: string): Promise<void>;
  /** Pages known of an origin (`https://shop.example`), the first found first. */
  crawledPages(origin: string): Promise<CrawledPageRow[]>;
  /** Stores pages over what is known of them. */
  writeCrawledPages(origin: string, pages: readonly CrawledPageRow[]): Promise<void>;
}

export const QUARANTINE_STATES = ['WAITING', 'REPLAYED', 'DISCARDED'] as const;
export type QuarantineState = (typeof QUARANTINE_STATES)[number];

/** How a row was to be read; what a replay needs. */
export interface QuarantineOrigin {
  /** What people call it: a file's name, `shopify orders`, `POST /ingest/behaviours`. */
  readonly source: string;
  readonly context: JsonObject;
  /** Whether the same row at another place is the same row: a stream is sent again in other pieces. */
  readonly isPlaceless?: boolean;
}

export interface QuarantineWrite {
  /** Line of the file, or index in the stream; null where there is neither. */
  readonly line: number | null;
  /** The row as it came; a mended row has the same form. */
  readonly raw: Json;
  readonly reason: string;
  /** The person it is about, where that can be told: erased with the person. */
  readonly userId: string | null;
}

export interface QuarantinedRow extends QuarantineWrite, QuarantineOrigin {
  readonly id: string;
  readonly contextId: string;
  readonly state: QuarantineState;
  readonly createdAt: Date;
}

export interface QuarantineFilter {
  readonly state?: QuarantineState;
  readonly source?: string;
}

export interface QuarantineCount {
  readonly source: string;
  readonly reason: string;
  readonly rows: number;
}

export interface QuarantineStore {
  /** Keeps rows; a row that is there already (the same file imported again) is not kept twice. @returns rows that are new */
  quarantine(origin: QuarantineOrigin, rows: readonly QuarantineWrite[]): Promise<number>;
  /** Oldest first. */
  quarantinedRows(
    page: { readonly first: number; readonly after?: string | null },
    filter?: QuarantineFilter,
  ): Promise<{
    readonly rows: readonly (QuarantinedRow & { readonly cursor: string })[];
    readonly hasNextPage: boolean;
  }>;
  countQuarantined(filter?: QuarantineFilter): Promise<number>;
  quarantinedByIds(ids: readonly string[]): Promise<(QuarantinedRow | null)[]>;
  /** Rows by origin and reason, the most first; what a reason quotes of its row is left out, so that like comes to like. */
  quarantineCounts(filter: QuarantineFilter, first: number): Promise<QuarantineCount[]>;
  /** Puts a mended row in the place of the one that waits. @throws AppError NOT_FOUND; CONFLICT when it waits no longer */
  mendQuarantined(id: string, raw: Json): Promise<QuarantinedRow>;
  /** Ends the wait of rows, or says anew why they wait. */
  settleQuarantined(
    outcomes: readonly { readonly id: string; readonly state: QuarantineState; readonly reason?: string }[],
  ): Promise<void>;
}

/** A source says that somebody is known under two ids, as `identify` and `alias` calls do. */
export interface UserLink {
  /** The id of lesser standing: an anonymous visitor, a former id. */
  readonly aliasId: string;
  readonly userId: string;
  readonly linkedAt: Date;
}

export interface LinkResult {
  /** Aliases whose rows were moved. */
  readonly merged: number;
  /** Behaviours that now stand under the person. */
  readonly behaviours: number;
}

export interface IdentityStore {
  /** Remembers links; said again, nothing changes. They take effect with `applyLinks`. @returns links that are new or earlier than known */
  recordLinks(links: readonly UserLink[]): Promise<number>;
  /**
   * Brings all rows of aliases under the person. Idempotent, and the order in which links and rows arrived makes no difference: an
   * alias that several claim is the person's who claimed it first by `linkedAt`, chains are followed to their end, rows that came
   * under an alias later are fetched. A moved behaviour keeps its former user as `anonymousId` in its context.
   *
   * @param among looks after these aliases alone, which rows have just come under: the cost does not grow with the shop's links
   */
  applyLinks(among?: readonly string[]): Promise<LinkResult>;
  /** Those of the ids that links say are somebody's alias. */
  aliasesAmong(ids: readonly string[]): Promise<string[]>;
  /** The person behind each id as far as links say; ids without a link are not in the map. */
  resolveAliases(ids: readonly string[]): Promise<Map<string, string>>;
}
