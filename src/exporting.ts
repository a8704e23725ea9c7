/** Writes a model version's networks, as a child of the command: TensorFlow prints into the standard error of the process that loads it. */
import { AppError, coerceError } from './errors.js';
import { type ExportRequest, exportVersion } from './pipeline/deploy/host/index.js';
import { folderModelFiles } from './pipeline/deploy/index.js';

process.once('message', ({ dataDir, request }: { dataDir: string; request: ExportRequest }) => {
  exportVersion(folderModelFiles(dataDir), request)
    .then(
      (value) => process.send?.({ value }),
      (thrown: unknown) => {
        const error = coerceError(thrown);
        const { code, details } = error instanceof AppError ? error : { code: 'INTERNAL', details: {} };
        process.send?.({ error: { code, message: error.message, details } });
      },
    )
    .finally(() => process.disconnect());
});
