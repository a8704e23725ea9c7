/** What work on the data is given. */
import type { Logger } from '../../log.js';
import type { DataJobRow, ShopStore, Store } from '../../store/index.js';

export interface DataWorkshop {
  readonly store: Store;
  readonly log: Logger;
  /** Where uploads, archives and the key of sealed secrets lie. */
  readonly dataDir: string;
  /** Whether files, pages and shop systems at private addresses may be asked for by the API. */
  readonly arePrivateSourcesOn: boolean;
}

/** What the work of one job is given. */
export interface DataJobContext extends DataWorkshop {
  readonly shop: ShopStore;
  readonly job: DataJobRow;
  readonly signal: AbortSignal;
  /** Says how far it is; as often as one likes. */
  report(share: number, message: string): void;
}
