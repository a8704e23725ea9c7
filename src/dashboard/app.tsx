import { type FunctionComponent, useEffect, useRef } from 'react';

import { Boundary } from './components/boundary.js';
import icon from './icon.svg';
import { type MessageKey, text } from './messages/index.js';
import { BehaviourPage } from './pages/behaviour.js';
import { DataPage } from './pages/data.js';
import { ItemPage } from './pages/item.js';
import { ItemsPage } from './pages/items.js';
import { ModelVersionPage } from './pages/model-version.js';
import { MonitoringPage } from './pages/monitoring.js';
import { OverviewPage } from './pages/overview.js';
import { RunPage } from './pages/run.js';
import { RunsPage } from './pages/runs.js';
import { UserPage } from './pages/user.js';
import { UsersPage } from './pages/users.js';
import { href, type Route } from './route.js';
import { useRoute } from './use-route.js';

const PLACES: readonly { page: string; label: MessageKey; alsoFor?: string }[] = [
  { page: 'overview', label: 'nav.overview' },
  { page: 'runs', label: 'nav.runs', alsoFor: 'versions' },
  { page: 'users', label: 'nav.users' },
  { page: 'items', label: 'nav.items' },
  { page: 'behaviour', label: 'nav.behaviour' },
  { page: 'data', label: 'nav.data' },
  { page: 'monitoring', label: 'nav.monitoring' },
];
const LISTS: Record<string, FunctionComponent<{ route: Route }>> = {
  overview: OverviewPage,
  runs: RunsPage,
  users: UsersPage,
  items: ItemsPage,
  behaviour: BehaviourPage,
  data: DataPage,
  monitoring: MonitoringPage,
};
const DETAILS: Record<string, FunctionComponent<{ id: string }>> = {
  runs: RunPage,
  versions: ModelVersionPage,
  users: UserPage,
  items: ItemPage,
};

/** The frame around every page; moves the focus to the content when the page changes, so that a screen reader hears it. */
export function App() {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const place = `${route.page}/${route.id ?? ''}`;
  const lastPlace = useRef(place);
  useEffect(() => {
    if (lastPlace.current === place) return; // The first page keeps the browser's own start.
    lastPlace.current = place;
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [place]);

  return (
    <div className="frame">
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault(); // The part after # is the route.
          main.current?.focus();
        }}
      >
        {text('app.skip')}
      </a>
      <header className="side">
        <a className="brand" href={href('overview')}>
          <img src={icon} alt="" />
          {text('app.name')}
        </a>
        <nav aria-label={text('app.navigation')}>
          {PLACES.map(({ page, label, alsoFor }) => (
            <a
              key={page}
              href={href(page)}
              aria-current={route.page === page || route.page === alsoFor ? 'page' : undefined}
            >
              {text(label)}
            </a>
          ))}
          <a className="outside" href="/explorer">
            {text('app.explorer')}
          </a>
        </nav>
      </header>
      <main id="main" tabIndex={-1} ref={main}>
        <div className="page">
          <Boundary key={place}>
            <Page route={route} />
          </Boundary>
        </div>
      </main>
    </div>
  );
}

function Page({ route }: { route: Route }) {
  const List = LISTS[route.page];
  const Detail = DETAILS[route.page];
  if (route.id !== null && Detail) return <Detail id={route.id} />;
  if (route.id === null && List) return <List route={route} />;
  return <p>{text('app.unknownPage')}</p>;
}
