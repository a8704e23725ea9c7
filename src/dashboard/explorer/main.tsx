import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './explorer.css';

import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';

import readme from '../../../README.md?raw';
import { fetcher } from './fetcher.js';
import { firstQuery } from './first-query.js';

const root = document.getElementById('root');
if (root) {
  // A link may bring a query of its own: /explorer?query=…
  const query = new URLSearchParams(location.search).get('query') ?? firstQuery(readme);
  createRoot(root).render(
    <GraphiQL fetcher={fetcher} defaultQuery={query} initialQuery={query} shouldPersistHeaders={false}>
      <GraphiQL.Logo>
        <a className="explorer-home" href="/">
          Tandem
        </a>
      </GraphiQL.Logo>
    </GraphiQL>,
  );
}
