import { useMemo } from 'react';

import { USERS } from '../api/operations.js';
import { usePages } from '../api/use-pages.js';
import { Attributes } from '../components/attributes.js';
import { DataTable } from '../components/data-table.js';
import { Loaded } from '../components/loaded.js';
import { MoreButton } from '../components/more-button.js';
import { PageTitle, Panel } from '../components/panel.js';
import { SearchForm } from '../components/search-form.js';
import { text } from '../messages/index.js';
import { href, type Route } from '../route.js';
import { goTo } from '../use-route.js';

const PAGE_SIZE = 25;

/** The shop's users, found by the shop's own id. */
export function UsersPage({ route }: { route: Route }) {
  const search = route.query.get('search') ?? '';
  const variables = useMemo(() => (search ? { filter: { search } } : {}), [search]);
  const pages = usePages(USERS, variables, ({ users }) => users, PAGE_SIZE);
  return (
    <div className="stack">
      <PageTitle>{text('users.title')}</PageTitle>
      <SearchForm
        key={search}
        label={text('users.search')}
        initial={search}
        onSearch={(wanted) => goTo(href('users', undefined, wanted ? { search: wanted } : undefined))}
      />
      <Panel title={text('users.title')} isTitleHidden>
        <Loaded query={pages.query}>
          {() => (
            <DataTable
              rows={pages.nodes}
              keyOf={({ id }) => id}
              empty={text('users.empty')}
              columns={[
                {
                  title: text('users.id'),
                  isHeader: true,
                  cell: ({ id }) => <a href={href('users', id)}>{id}</a>,
                },
                {
                  title: text('users.attributes'),
                  cell: ({ attributes }) => <Attributes value={attributes} />,
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
