import type { ModelVersionData } from '../api/operations.js';
import { Pull } from '../components/bar.js';
import { DataTable } from '../components/data-table.js';
import { Panel } from '../components/panel.js';
import { formatNumber, formatShare } from '../format.js';
import { inWords, taskTitle, term, text } from '../messages/index.js';

type Sharing = NonNullable<ModelVersionData['modelVersion']>['sharing'][number];

/** How one net of several tasks parts itself between them: gates as a picture, weights of losses, gradients against each other. */
export function TaskSharing({ sharing }: { sharing: Sharing }) {
  const { architecture, gates, weights, affinities } = sharing;
  return (
    <Panel title={text('sharing.title', { architecture })}>
      {gates.length > 0 ? (
        <>
          <p className="quiet">{text('sharing.hint')}</p>
          <Gates gates={gates} />
        </>
      ) : (
        <p className="quiet">{text('sharing.noGates')}</p>
      )}
      <div className="columns">
        <DataTable
          caption={text('sharing.weights')}
          rows={weights}
          keyOf={({ task, customTask }) => customTask ?? task}
          columns={[
            {
              title: text('sharing.task'),
              isHeader: true,
              cell: (weight) => taskTitle(weight),
            },
            { title: text('sharing.weight'), isNumber: true, cell: ({ weight }) => formatNumber(weight) },
          ]}
        />
        {affinities.length > 0 && (
          <DataTable
            caption={text('sharing.affinities')}
            rows={affinities}
            keyOf={({ task, other }) => `${task} ${other}`}
            columns={[
              { title: text('sharing.task'), isHeader: true, cell: ({ task }) => term('task', task) },
              { title: text('sharing.other'), cell: ({ other }) => term('task', other) },
              {
                title: text('sharing.cosine'),
                isNumber: true,
                cell: ({ cosine }) => (
                  <>
                    <Pull value={cosine} size={Math.abs(cosine)} /> {formatNumber(cosine)}
                  </>
                ),
              },
            ]}
          />
        )}
      </div>
    </Panel>
  );
}

/** A row a task, a column a source; the shade is the share. Tasks of one entity have the same sources, others may have their own. */
function Gates({ gates }: { gates: Sharing['gates'] }) {
  const names = [...new Set(gates.flatMap(({ sources }) => sources.map(({ name }) => name)))];
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={text('sharing.gates')}>
      <table className="cohorts gates">
        <caption>{text('sharing.gates')}</caption>
        <thead>
          <tr>
            <th scope="col">{text('sharing.task')}</th>
            {names.map((name) => (
              <th key={name} scope="col" className="number">
                {inWords(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {gates.map(({ task, sources }) => (
            <tr key={task}>
              <th scope="row">{term('task', task)}</th>
              {names.map((name) => {
                const source = sources.find((one) => one.name === name);
                if (!source) return <td key={name} />;
                return (
                  <td
                    key={name}
                    style={{ background: `rgb(var(--heat) / ${(0.55 * source.share).toFixed(3)})` }}
                  >
                    {formatShare(source.share)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
