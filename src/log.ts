import pino, { type Logger } from 'pino';

export type { Logger } from 'pino';

/** Names of fields whose values never reach a log. */
const SECRET_PATHS = [
  'password',
  '*.password',
  'authorization',
  '*.authorization',
  'databaseUrl',
  '*.databaseUrl',
];

/**
 * Logger of one process: JSON lines to standard error, so that standard output stays free for what a command prints; readable
 * lines on a terminal.
 */
export function createLogger(options: { name: string; level: string; pretty: boolean }): Logger {
  const settings = { name: options.name, level: options.level, redact: SECRET_PATHS };
  if (!options.pretty) return pino(settings, pino.destination(2));
  return pino({
    ...settings,
    transport: {
      target: 'pino-pretty',
      options: { destination: 2, ignore: 'pid,hostname,name', translateTime: 'HH:MM:ss' },
    },
  });
}
