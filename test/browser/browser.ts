import { existsSync } from 'node:fs';

import packaged from '@sparticuz/chromium';
import { type Browser, chromium, type Page } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Where Debian puts its own, for machines on which the packaged one does not start. */
const SYSTEM_BROWSER = '/usr/bin/chromium';

/** @throws Error when neither the packaged browser nor the system's starts */
export async function openBrowser(): Promise<Browser> {
  try {
    return await chromium.launch({ executablePath: await packaged.executablePath(), args: FLAGS });
  } catch (thrown) {
    if (!existsSync(SYSTEM_BROWSER)) throw thrown;
    return chromium.launch({ executablePath: SYSTEM_BROWSER, args: FLAGS });
  }
}

/** A page and everything that went wrong on it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors on the console, uncaught errors, and requests that leave the server. */
  readonly problems: readonly string[];
}

export async function openPage(
  browser: Browser,
  base: string,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    colorScheme,
    locale: 'en-GB',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const problems: string[] = [];
  const { host } = new URL(base);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (/^(https?|wss?):$/.test(url.protocol) && url.host !== host)
      problems.push(`outside: ${request.url()}`);
  });
  return { page, problems };
}

/**
 * Runs what is in the explorer's editor.
 *
 * @param part text that the answer holds
 * @returns the answer without white space
 */
export async function answerInExplorer({ page }: WatchedPage, part: string): Promise<string> {
  // The button is there before the editor has taken up the query.
  await page.locator('.graphiql-query-editor .view-line span').first().waitFor();
  await page.getByRole('button', { name: /execute/i }).click();
  const answer = page.locator('.result-window');
  await answer.getByText(part).first().waitFor();
  return (await answer.innerText()).replace(/\s/g, '');
}
