const STORED_AS = 'tandem.key';

/** The API key that the user typed, kept for this tab alone; null when the server asks for none. */
export function apiKey(): string | null {
  return sessionStorage.getItem(STORED_AS);
}

/** Keeps the key for this tab and loads the page anew, so that every request and subscription uses it. */
export function adoptKey(key: string): void {
  sessionStorage.setItem(STORED_AS, key);
  location.reload();
}

/** Header of HTTP requests and parameter of subscriptions. */
export function authorization(): Record<string, string> {
  const key = apiKey();
  return key ? { authorization: `Bearer ${key}` } : {};
}
