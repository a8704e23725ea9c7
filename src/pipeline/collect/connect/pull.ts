import { type JsonObject, type ShopStore } from '../../../store/index.js';
import { QuarantineBuffer } from '../quarantine/quarantine-buffer.js';
import { ApiClient, type ApiClientOptions, type ApiEffort } from './api-client.js';
import {
  type Connector,
  type Entity,
  type EntityPage,
  type ItemKey,
  type Resource,
  RESOURCES,
} from './connector.js';
import { entityContext, writeEntities } from './write-entities.js';

export interface PullOptions extends Omit<ApiClientOptions, 'origin' | 'headers'> {
  readonly resources?: readonly Resource[];
  readonly itemKey?: ItemKey;
  /** Forgets where the last pull stopped and reads everything; what did not change is recognised all the same. */
  readonly isFull?: boolean;
  readonly onProgress?: (progress: { resource: Resource; entities: number; requests: number }) => void;
}

/** What became of one resource. entities = kept + dropped + rejected + unchanged. */
export interface ResourceReport extends ApiEffort {
  readonly resource: Resource;
  /** Entities that the system gave, those of pages that came twice included. */
  readonly entities: number;
  readonly kept: number;
  /** Left out by a rule: tests, unpaid orders, orders of nobody. */
  readonly dropped: number;
  /** Not understood; they wait in quarantine. */
  readonly rejected: number;
  /** Known in this version or a newer one. */
  readonly unchanged: number;
  /** Whether a pull that was broken off went on where it had stopped. */
  readonly isResumed: boolean;
}

/** Systems set the time of a change before it is visible: what changed shortly before the newest change seen is asked for again. */
const OVERLAP_MS = 120_000;

interface PullCursor {
  /** The newest change that a whole pull has seen; null: there was none. */
  readonly since: string | null;
  /** Set while a pull is under way. */
  readonly resume: JsonObject | null;
  readonly newest: string | null;
}

/**
 * Pulls what changed in another system since the last pull. After each page, what it brought is stored first and then where the pull
 * stands, so that one that is broken off at any moment goes on behind its last whole page and loses nothing.
 *
 * @throws AppError as `ApiClient.send`; `signal.reason` when aborted
 */
export async function pullConnector(
  store: ShopStore,
  connector: Connector,
  access: Pick<ApiClientOptions, 'origin' | 'headers'>,
  options: PullOptions = {},
): Promise<ResourceReport[]> {
  const reports: ResourceReport[] = [];
  for (const resource of RESOURCES) {
    if (options.resources !== undefined && !options.resources.includes(resource)) continue;
    const client = new ApiClient({ ...options, ...access });
    try {
      reports.push(await new Pull(store, connector, client, resource, access.origin, options).run());
    } finally {
      await client.close();
    }
  }
  return reports;
}

class Pull {
  private readonly source: string;
  private readonly tally = { entities: 0, kept: 0, dropped: 0, rejected: 0, unchanged: 0 };
  private readonly quarantine: QuarantineBuffer;

  constructor(
    private readonly store: ShopStore,
    private readonly connector: Connector,
    private readonly client: ApiClient,
    private readonly resource: Resource,
    origin: URL,
    private readonly options: PullOptions,
  ) {
    this.source = `${connector.name}:${origin.host}`;
    this.quarantine = new QuarantineBuffer(
      store,
      `${this.source} ${resource}`,
      entityContext(connector.name, resource, options.itemKey ?? 'product'),
    );
  }

  async run(): Promise<ResourceReport> {
    const { store, source, resource, options, client, connector } = this;
    const stored = (await store.readCursor(source, resource)) as PullCursor | null;
    const isResumed = options.isFull !== true && stored !== null && stored.resume !== null;
    const since = options.isFull === true ? null : (stored?.since ?? null);
    let newest = isResumed ? stored.newest : since;
    const resume = isResumed ? stored.resume : null;
    const after = since === null ? null : new Date(Date.parse(since) - OVERLAP_MS);
    for await (const page of connector.pages(client, resource, after, resume)) {
      await this.takePage(page);
      for (const { version } of page.entities)
        if (newest === null || version.toISOString() > newest) newest = version.toISOString();
      await this.writeCursor({ since, resume: page.resume, newest });
      options.onProgress?.({ resource, entities: this.tally.entities, requests: client.effort.requests });
      options.signal?.throwIfAborted();
    }
    await this.writeCursor({ since: newest, resume: null, newest: null });
    return { resource, ...this.tally, ...client.effort, isResumed };
  }

  private writeCursor(cursor: PullCursor): Promise<void> {
    return this.store.writeCursor(this.source, this.resource, cursor as unknown as JsonObject);
  }

  private async takePage({ entities }: EntityPage): Promise<void> {
    const { store, resource, tally, connector, quarantine } = this;
    tally.entities += entities.length;
    const fresh = await store.newerVersions(connector.name, resource, entities);
    // Of an entity that is twice on a page, the newer counts.
    const chosen = new Map<string, Entity>();
    for (const entity of entities) {
      const known = chosen.get(entity.id);
      if (fresh.has(entity.id) && (known === undefined || entity.version > known.version))
        chosen.set(entity.id, entity);
    }
    const taken = [...chosen.values()];
    tally.unchanged += entities.length - taken.length;
    const itemKey = this.options.itemKey ?? 'product';
    const outcomes = await writeEntities(
      store,
      connector.name,
      resource,
      taken.map(({ raw }) => raw),
      itemKey,
    );
    outcomes.forEach((outcome, index) => {
      if (outcome === 'DROPPED') tally.dropped++;
      else if (outcome === 'KEPT') tally.kept++;
      else {
        tally.rejected++;
        quarantine.add({ line: null, raw: taken[index].raw, reason: outcome.rejected, userId: null });
      }
    });
    await quarantine.flush(1);
    await store.recordVersions(connector.name, resource, taken);
  }
}
