import { type JsonObject } from '../../../store/index.js';
import { timeFrom } from '../times.js';
import { textOf } from '../values.js';
import { type Layout, type RecordMapper, type RowSink } from './layout.js';
import { MappedBehaviours } from './mapped-behaviours.js';

type Row = readonly unknown[];

const isId = (value: unknown): boolean => /^\d{1,9}$/.test(textOf(value));
const RATING_COLUMNS = ['user', 'item', 'rating', 'timestamp'] as const;
/** GroupLens has rated since September 1995. */
const isRatingTime = (value: unknown): boolean => timeFrom(textOf(value)) > Date.UTC(1995, 8, 1);

/** MovieLens 100K's `u.data` and 1M's and 10M's `ratings.dat`: no header line (Harper and Konstan, TiiS 2015). */
export const movielensRatingsLayout: Layout = {
  name: 'movielens-ratings',
  title: 'MovieLens ratings without a header (u.data, ratings.dat)',
  description: 'No header; user, movie, rating from 0.5 to 5, Unix seconds, between tabs or `::`.',
  columnsWithoutHeader: RATING_COLUMNS,
  hasViews: false,
  recognises: (columns, records) => {
    const rows: readonly Row[] = [columns, ...records];
    return rows.every(
      (row) =>
        row.length === 4 &&
        isId(row[0]) &&
        isId(row[1]) &&
        /^([1-5]|[0-4]\.5|[1-5]\.0)$/.test(textOf(row[2])) &&
        isRatingTime(row[3]),
    );
  },
  mapping: () => ({ kind: 'BEHAVIOURS', fields: RATING_FIELDS }),
  createMapper: (columns, sink, options) =>
    new MappedBehaviours(columns, RATING_FIELDS, sink, { ...options, eventPrefix: 'movielens' }),
};

const RATING_FIELDS = { userId: 'user', itemId: 'item', rating: 'rating', occurredAt: 'timestamp' } as const;

const GENRES = [
  'unknown',
  'Action',
  'Adventure',
  'Animation',
  "Children's",
  'Comedy',
  'Crime',
  'Documentary',
  'Drama',
  'Fantasy',
  'Film-Noir',
  'Horror',
  'Musical',
  'Mystery',
  'Romance',
  'Sci-Fi',
  'Thriller',
  'War',
  'Western',
];
/** Movie, title, release date, video date, address at IMDb, and a flag a genre. */
const FLAGGED_WIDTH = 5 + GENRES.length;
const flaggedColumns = Array.from({ length: FLAGGED_WIDTH }, (_, at) => `column${at}`);

/** MovieLens 100K's `u.item`: no header, a flag a genre. */
export const movielensItemsLayout: Layout = {
  name: 'movielens-items',
  title: 'MovieLens 100K movies (u.item)',
  description: 'No header; movie, title, dates, address and nineteen genre flags between `|`.',
  columnsWithoutHeader: flaggedColumns,
  recognises: (columns, records) =>
    [columns as Row, ...records].every(
      (row) =>
        row.length === FLAGGED_WIDTH &&
        isId(row[0]) &&
        row.slice(5).every((flag) => /^[01]$/.test(textOf(flag))),
    ),
  mapping: () => null,
  createMapper: (_columns, sink) =>
    itemMapper(sink, (row) => {
      const attributes: JsonObject = {};
      if (textOf(row[2]) !== '') attributes.releaseDate = textOf(row[2]);
      return { genres: GENRES.filter((_, at) => textOf(row[5 + at]) === '1'), attributes };
    }),
};

/** MovieLens 1M's and 10M's `movies.dat`: no header, genres between `|`. */
export const movielensMoviesLayout: Layout = {
  name: 'movielens-movies',
  title: 'MovieLens movies without a header (movies.dat)',
  description: 'No header; movie, title with its year, genres, between `::`.',
  columnsWithoutHeader: ['movie', 'title', 'genres'],
  recognises: (columns, records) =>
    [columns as Row, ...records].every(
      (row) => row.length === 3 && isId(row[0]) && /\(\d{4}\)$/.test(textOf(row[1])),
    ),
  mapping: () => null,
  createMapper: (_columns, sink) =>
    itemMapper(sink, (row) => ({
      genres: textOf(row[2])
        .split('|')
        .filter((genre) => genre !== '' && genre !== '(no genres listed)'),
      attributes: {},
    })),
};

/** MovieLens 100K's `u.user` and 1M's `users.dat`: no header. */
export const movielensUsersLayout: Layout = {
  name: 'movielens-users',
  title: 'MovieLens users without a header (u.user, users.dat)',
  description:
    'No header; user, age, gender, occupation, zip code (100K) or user, gender, age, occupation, zip code (1M).',
  columnsWithoutHeader: ['user', 'a', 'b', 'occupation', 'zip'],
  recognises: (columns, records) =>
    [columns as Row, ...records].every(
      (row) =>
        row.length === 5 &&
        isId(row[0]) &&
        [row[1], row[2]].some((value) => /^[MF]$/.test(textOf(value))) &&
        [row[1], row[2]].some(isId),
    ),
  mapping: () => null,
  createMapper: (_columns, sink) => ({
    map(row) {
      const id = textOf(row[0]);
      if (id === '') return { rejected: 'The user is empty.' };
      const [gender, age] = /^[MF]$/.test(textOf(row[1])) ? [row[1], row[2]] : [row[2], row[1]];
      sink.user({
        id,
        attributes: { gender: textOf(gender), age: Number(textOf(age)), occupation: textOf(row[3]) },
      });
      return 'KEPT';
    },
    finish: () => undefined,
    rules: () => [],
  }),
};

function itemMapper(
  sink: RowSink,
  read: (row: Row) => { genres: string[]; attributes: JsonObject },
): RecordMapper {
  return {
    map(row) {
      const id = textOf(row[0]);
      if (id === '') return { rejected: 'The movie is empty.' };
      const { genres, attributes } = read(row);
      sink.item({ id, title: textOf(row[1]) || id, category: genres, attributes });
      return 'KEPT';
    },
    finish: () => undefined,
    rules: () => [],
  };
}
