import { type Command } from 'commander';

import { AppError } from '../errors.js';
import {
  accessOf,
  connectorOf,
  ITEM_KEYS,
  type ItemKey,
  pullConnector,
  type Resource,
  type ResourceReport,
  RESOURCES,
  type Source,
} from '../pipeline/collect/index.js';
import { defineCommand, globalOptions, listOf, oneOf, withShop } from './command.js';
import { printResult } from './output.js';

interface ConnectFlags {
  readonly url: string;
  readonly token?: string;
  readonly api?: 'GRAPHQL' | 'REST';
  readonly resources?: Resource[];
  readonly items: ItemKey;
  readonly full?: boolean;
}

const UPPER_RESOURCES = RESOURCES.map((name) => name.toUpperCase() as Uppercase<Resource>);
const UPPER_ITEM_KEYS = ITEM_KEYS.map((name) => name.toUpperCase() as Uppercase<ItemKey>);
/** Environment variables that hold what opens each API; a command line can be read by others on the machine. */
export const TOKEN_VARIABLES: Readonly<Record<Source, string>> = {
  shopify: 'TANDEM_SHOPIFY_TOKEN',
  woocommerce: 'TANDEM_WOOCOMMERCE_KEY',
};

/** `connect shopify|woocommerce`: pulls what changed in a shop system since the last time. */
export function addConnectCommand(program: Command): void {
  const group = program
    .command('connect')
    .description("pull products, customers and orders from a shop system's API");
  addSource(group, 'shopify', 'Shopify Admin API', 'access token');
  addSource(group, 'woocommerce', 'WooCommerce REST API', 'consumer key and secret, ck_…:cs_…');
}

function addSource(group: Command, source: Source, title: string, tokenMeaning: string): void {
  const variable = TOKEN_VARIABLES[source];
  const command = defineCommand(group, source, `pull from the ${title} what changed since the last time`)
    .requiredOption('--url <address>', 'address of the shop, such as https://shop.example')
    .option('--token <token>', `${tokenMeaning} (better: in the environment, as ${variable})`)
    .option('--resources <list>', `out of ${RESOURCES.join(', ')} (default: all)`, (text) =>
      listOf(UPPER_RESOURCES)(text).map((name) => name.toLowerCase() as Resource),
    )
    .option(
      '--items <key>',
      'whether items are products, or variants by sku as in CSV exports',
      (text) => oneOf(UPPER_ITEM_KEYS)(text).toLowerCase() as ItemKey,
      'product',
    )
    .option('--full', 'read everything anew, not only what changed');
  if (source === 'shopify')
    command.option('--api <api>', 'graphql or rest (default: graphql)', oneOf(['GRAPHQL', 'REST']));
  command.action(async () => {
    const options = globalOptions(command);
    const {
      url,
      token = process.env[variable] ?? '',
      api,
      resources,
      items,
      full,
    } = command.opts<ConnectFlags>();
    if (token === '')
      throw new AppError('BAD_USER_INPUT', `The ${tokenMeaning} is missing: set ${variable}.`);
    const reports = await withShop(options, (shop) =>
      pullConnector(shop, connectorOf(source, api), accessOf(source, { url, token }), {
        resources,
        itemKey: items,
        isFull: full,
        onProgress: ({ resource, entities, requests }) => {
          if (!options.json) process.stderr.write(`\r${resource}: ${entities} read, ${requests} requests `);
        },
      }),
    );
    printResult(options, { resources: reports }, reports.map(describe).join('\n'));
  });
}

function describe(report: ResourceReport): string {
  const { resource, entities, kept, unchanged, dropped, rejected, requests, retries, waitedMs } = report;
  return (
    `${resource}: ${entities} = ${kept} new or changed + ${unchanged} as they were + ${dropped} left out + ${rejected} not understood; ` +
    `${requests} requests, ${retries} sent again, ${(waitedMs / 1000).toFixed(1)} s waited${report.isResumed ? ', resumed' : ''}`
  );
}
