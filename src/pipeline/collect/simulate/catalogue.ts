import type { Random } from '../../../nn/random.js';
import type { HistoryItem } from '../../index.js';
import { AliasTable } from './alias-table.js';
import { ADJECTIVES, DEPARTMENTS } from './names.js';
import { PROCESS } from './process.js';

/** Popularity within a category falls with the rank to this power. */
const TAIL = 0.9;
/** Deviations of the log-weights that a taste gives to categories and, by factors, to items. */
const CATEGORY_SPREAD = 1.6;
const FACTOR_SPREAD = 0.55;
const PRICE_SPREAD = 0.35;

/** Items, the tastes that users have, and what each taste makes of each item. */
export interface Catalogue {
  readonly items: readonly HistoryItem[];
  readonly categories: number;
  readonly tastes: number;
  /** [items] */
  readonly category: Uint8Array;
  /** [categories + 1] items of category c are those from categoryStart[c] up to categoryStart[c + 1]. */
  readonly categoryStart: Int32Array;
  /** [items × factors] */
  readonly itemFactors: Float32Array;
  /** [tastes × factors] */
  readonly tasteFactors: Float32Array;
  /** [tastes × categories] shares of the categories where every day is alike; each row adds up to 1. */
  readonly tasteCategories: Float64Array;
  /** [tastes × items] share of the item within its category; adds up to 1 over each category. */
  readonly shares: Float32Array;
  /** [tastes × categories] draws an item of the category, counted from its start. */
  readonly tables: readonly AliasTable[];
}

/** @param count items; every category has at least one */
export function makeCatalogue(count: number, random: Random): Catalogue {
  const categories = Math.min(PROCESS.categories, Math.floor(count / 5));
  const category = drawCategories(count, categories, random.fork('categories'));
  const categoryStart = new Int32Array(categories + 1);
  for (const of of category) categoryStart[of + 1]++;
  for (let at = 0; at < categories; at++) categoryStart[at + 1] += categoryStart[at];
  const { tastes, factors } = PROCESS;
  const itemFactors = random.fork('item factors').fillNormal(new Float32Array(count * factors), 1);
  const tasteFactors = random
    .fork('taste factors')
    .fillNormal(new Float32Array(tastes * factors), FACTOR_SPREAD);
  const popularity = drawPopularity(categoryStart, random.fork('popularity'));
  const shares = itemShares({ popularity, categoryStart, itemFactors, tasteFactors });
  const tables: AliasTable[] = [];
  for (let taste = 0; taste < tastes; taste++)
    for (let at = 0; at < categories; at++)
      tables.push(
        new AliasTable(
          shares.subarray(taste * count + categoryStart[at], taste * count + categoryStart[at + 1]),
        ),
      );
  return {
    items: nameItems(category, random.fork('items')),
    categories,
    tastes,
    category,
    categoryStart,
    itemFactors,
    tasteFactors,
    tasteCategories: drawTastes(categories, random.fork('tastes')),
    shares,
    tables,
  };
}

/** Ascending, so that a category's items stand together. */
function drawCategories(count: number, categories: number, random: Random): Uint8Array {
  return Uint8Array.from({ length: count }, (_, item) =>
    item < categories ? item : Math.floor(categories * random.uniform() ** 1.4),
  ).sort();
}

/** Weight of each item within its category: a long tail over ranks in random order. */
function drawPopularity(categoryStart: Int32Array, random: Random): Float64Array {
  const popularity = new Float64Array(categoryStart[categoryStart.length - 1]);
  for (let at = 0; at + 1 < categoryStart.length; at++) {
    const ranks = random.permutation(categoryStart[at + 1] - categoryStart[at]);
    ranks.forEach((rank, place) => (popularity[categoryStart[at] + place] = (rank + 1) ** -TAIL));
  }
  return popularity;
}

function itemShares(parts: {
  popularity: Float64Array;
  categoryStart: Int32Array;
  itemFactors: Float32Array;
  tasteFactors: Float32Array;
}): Float32Array {
  const { popularity, categoryStart, itemFactors, tasteFactors } = parts;
  const count = popularity.length;
  const { tastes, factors } = PROCESS;
  const shares = new Float32Array(tastes * count);
  for (let taste = 0; taste < tastes; taste++) {
    for (let at = 0; at + 1 < categoryStart.length; at++) {
      let total = 0;
      for (let item = categoryStart[at]; item < categoryStart[at + 1]; item++) {
        let match = 0;
        for (let factor = 0; factor < factors; factor++)
          match += itemFactors[item * factors + factor] * tasteFactors[taste * factors + factor];
        const weight = popularity[item] * Math.exp(match);
        shares[taste * count + item] = weight;
        total += weight;
      }
      for (let item = categoryStart[at]; item < categoryStart[at + 1]; item++)
        shares[taste * count + item] /= total;
    }
  }
  return shares;
}

function drawTastes(categories: number, random: Random): Float64Array {
  const shares = new Float64Array(PROCESS.tastes * categories);
  for (let taste = 0; taste < PROCESS.tastes; taste++) {
    const row = shares.subarray(taste * categories, (taste + 1) * categories);
    row.forEach((_, at) => (row[at] = Math.exp(CATEGORY_SPREAD * random.normal())));
    const total = row.reduce((sum, weight) => sum + weight, 0);
    row.forEach((weight, at) => (row[at] = weight / total));
  }
  return shares;
}

function nameItems(category: Uint8Array, random: Random): HistoryItem[] {
  const width = String(category.length - 1).length;
  return Array.from(category, (of, item) => {
    const department = DEPARTMENTS[of];
    const adjective = ADJECTIVES[random.integer(ADJECTIVES.length)];
    const noun = department.nouns[random.integer(department.nouns.length)];
    const price = Math.exp(department.logPrice + PRICE_SPREAD * random.normal());
    return {
      id: `i${String(item).padStart(width, '0')}`,
      title: `${adjective} ${noun} ${item}`,
      category: [department.name, noun],
      price: Math.round(100 * price) / 100,
      available: true,
      attributes: {},
    };
  });
}
