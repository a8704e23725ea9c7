import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { defineConfig } from 'prisma/config';

// The native schema engine is a download; its WebAssembly build is an npm package. An engine of the user's own wins.
const shim = fileURLToPath(new URL('./scripts/schema-engine.mjs', import.meta.url));
if (existsSync(shim)) process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= shim;
process.env.CHECKPOINT_DISABLE ??= '1';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Generating and comparing schemas opens no connection.
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://tandem@127.0.0.1:5432/tandem' },
});
