/** What simulated items are called. */
export const ADJECTIVES = [
  'Blue',
  'Red',
  'Green',
  'Black',
  'White',
  'Small',
  'Large',
  'Vintage',
  'Modern',
  'Striped',
  'Plain',
  'Soft',
  'Light',
  'Classic',
  'Travel',
  'Family',
] as const;

export interface Department {
  readonly name: string;
  readonly nouns: readonly string[];
  /** Logarithm of the price in the middle. */
  readonly logPrice: number;
}

/** As many as a catalogue can have categories. */
export const DEPARTMENTS: readonly Department[] = [
  { name: 'Kitchen', nouns: ['mug', 'pan', 'kettle', 'apron'], logPrice: 2.4 },
  { name: 'Garden', nouns: ['planter', 'lantern', 'hose', 'seed box'], logPrice: 2.6 },
  { name: 'Toys', nouns: ['puzzle', 'train', 'doll', 'kite'], logPrice: 2.3 },
  { name: 'Books', nouns: ['novel', 'atlas', 'cookbook', 'notebook'], logPrice: 2.5 },
  { name: 'Clothing', nouns: ['shirt', 'scarf', 'jumper', 'socks'], logPrice: 2.8 },
  { name: 'Shoes', nouns: ['trainers', 'boots', 'sandals', 'slippers'], logPrice: 3.2 },
  { name: 'Beauty', nouns: ['soap', 'cream', 'perfume', 'brush'], logPrice: 2.4 },
  { name: 'Sports', nouns: ['ball', 'mat', 'bottle', 'racket'], logPrice: 2.7 },
  { name: 'Lighting', nouns: ['lamp', 'candle', 'string lights', 'shade'], logPrice: 2.6 },
  { name: 'Stationery', nouns: ['pen', 'card', 'ribbon', 'stamp'], logPrice: 1.8 },
  { name: 'Bedding', nouns: ['pillow', 'blanket', 'sheet', 'duvet'], logPrice: 3.1 },
  { name: 'Pets', nouns: ['lead', 'bowl', 'basket', 'treats'], logPrice: 2.2 },
  { name: 'Electronics', nouns: ['charger', 'cable', 'speaker', 'clock'], logPrice: 3.0 },
  { name: 'Tools', nouns: ['hammer', 'drill', 'tape', 'saw'], logPrice: 2.9 },
  { name: 'Food', nouns: ['tea', 'coffee', 'jam', 'chocolate'], logPrice: 1.9 },
  { name: 'Party', nouns: ['balloon', 'banner', 'plates', 'napkins'], logPrice: 1.7 },
];
