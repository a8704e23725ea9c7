import { AppError } from '../errors.js';

export type Settings = Record<string, number | string | boolean>;

/** Parser of `name=value`, which may be repeated, for commander. @throws AppError BAD_USER_INPUT */
export function collectSetting(text: string, settings: Settings = {}): Settings {
  const match = /^([A-Za-z]\w*)=(.+)$/.exec(text);
  if (!match) throw new AppError('BAD_USER_INPUT', `Expected name=value, got "${text}".`);
  const [, name, value] = match;
  const isBoolean = value === 'true' || value === 'false';
  settings[name] = isBoolean ? value === 'true' : Number.isNaN(Number(value)) ? value : Number(value);
  return settings;
}
