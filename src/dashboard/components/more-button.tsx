import type { Pages } from '../api/use-pages.js';
import { text } from '../messages/index.js';

/** Reads the next page of a list, as long as there is one. */
export function MoreButton({ pages }: { pages: Pages<unknown, unknown> }) {
  if (!pages.hasMore) return null;
  return (
    <div>
      <button type="button" disabled={pages.isLoadingMore} onClick={pages.loadMore}>
        {text(pages.isLoadingMore ? 'state.loading' : 'state.more')}
      </button>
    </div>
  );
}
