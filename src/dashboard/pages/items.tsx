import { useMemo } from 'react';

import { ITEMS } from '../api/operations.js';
import { usePages } from '../api/use-pages.js';
import { DataTable } from '../components/data-table.js';
import { Loaded } from '../components/loaded.js';
import { MoreButton } from '../components/more-button.js';
import { PageTitle, Panel } from '../components/panel.js';
import { SearchForm } from '../components/search-form.js';
import { formatMoney } from '../format.js';
import { text } from '../messages/index.js';
import { href, type Route } from '../route.js';
import { goTo } from '../use-route.js';

const PAGE_SIZE = 25;

/** The shop's items, found by title. */
export function ItemsPage({ route }: { route: Route }) {
  const search = route.query.get('search') ?? '';
  const variables = useMemo(() => (search ? { filter: { search } } : {}), [search]);
  const pages = usePages(ITEMS, variables, ({ items }) => items, PAGE_SIZE);
  return (
    <div className="stack">
      <PageTitle>{text('items.title')}</PageTitle>
      <SearchForm
        key={search}
        label={text('items.search')}
        initial={search}
        onSearch={(wanted) => goTo(href('items', undefined, wanted ? { search: wanted } : undefined))}
      />
      <Panel title={text('items.title')} isTitleHidden>
        <Loaded query={pages.query}>
          {() => (
            <DataTable
              rows={pages.nodes}
              keyOf={({ id }) => id}
              empty={text('items.empty')}
              columns={[
                {
                  title: text('items.item'),
                  isHeader: true,
                  cell: ({ id, title }) => (
                    <>
                      <a href={href('items', id)}>{title}</a> <span className="id quiet">{id}</span>
                    </>
                  ),
                },
                ...(pages.nodes.some(({ category }) => category.length > 0)
                  ? [
                      {
                        title: text('items.category'),
                        cell: ({ category }: (typeof pages.nodes)[number]) => category.join(' › '),
                      },
                    ]
                  : []),
                {
                  title: text('items.price'),
                  isNumber: true,
                  cell: ({ price, currency }) => formatMoney(price, currency),
                },
              ]}
            />
          )}
        </Loaded>
        <MoreButton pages={pages} />
      </Panel>
    </div>
  );
}
