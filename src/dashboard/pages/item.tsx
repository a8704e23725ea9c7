import { useState } from 'react';

import { DEMAND_FORECAST, ITEM, SIMILAR_ITEMS } from '../api/operations.js';
import { useQuery } from '../api/use-query.js';
import { Attributes } from '../components/attributes.js';
import { Loaded } from '../components/loaded.js';
import { Facts, PageTitle, Panel } from '../components/panel.js';
import { RankedItems } from '../components/ranked-items.js';
import { formatMoney } from '../format.js';
import { text } from '../messages/index.js';
import { href } from '../route.js';
import { ForecastChart } from './forecast-chart.js';

const SIMILAR = 10;
const HORIZONS = [7, 14, 28];

/** One item: how much of it will sell, and what is like it. */
export function ItemPage({ id }: { id: string }) {
  const query = useQuery(ITEM, { id });
  return (
    <div className="stack">
      <Loaded query={query}>
        {({ item }) =>
          item ? (
            <>
              <PageTitle aside={<a href={href('items')}>{text('item.back')}</a>}>{item.title}</PageTitle>
              <Facts
                facts={[
                  [
                    text('items.item'),
                    <span key="id" className="id">
                      {item.id}
                    </span>,
                  ],
                  [text('items.price'), formatMoney(item.price, item.currency)],
                  [text('items.category'), item.category.length > 0 ? item.category.join(' › ') : null],
                  [text('items.available'), text(item.available ? 'user.yes' : 'user.no')],
                ]}
              />
              <Attributes value={item.attributes} />
              <Forecast id={id} />
              <Similar id={id} />
            </>
          ) : (
            <p>{text('item.missing')}</p>
          )
        }
      </Loaded>
    </div>
  );
}

function Forecast({ id }: { id: string }) {
  const [horizonDays, setHorizonDays] = useState(14);
  const query = useQuery(DEMAND_FORECAST, { id, horizonDays });
  return (
    <Panel
      title={text('item.forecast')}
      aside={
        <label className="row small">
          {text('item.horizon')}
          <select value={horizonDays} onChange={(event) => setHorizonDays(Number(event.target.value))}>
            {HORIZONS.map((days) => (
              <option key={days}>{days}</option>
            ))}
          </select>
        </label>
      }
    >
      <Loaded query={query}>{({ demandForecast }) => <ForecastChart forecast={demandForecast} />}</Loaded>
    </Panel>
  );
}

function Similar({ id }: { id: string }) {
  const query = useQuery(SIMILAR_ITEMS, { id, first: SIMILAR });
  return (
    <Panel title={text('item.similar')}>
      <Loaded query={query}>{({ similarItems }) => <RankedItems items={similarItems} />}</Loaded>
    </Panel>
  );
}
