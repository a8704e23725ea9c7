/** Tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl, NeurIPS 2011), one parameter after another. */
import type { Random } from '../../../nn/random.js';
import { drawPoint, fromUnit, type Parameter, type Point, toUnit } from './space.js';

export interface Observation {
  readonly point: Point;
  /** Turned so that more is better; null for a trial that runs still, or that broke. */
  readonly worth: number | null;
}

export interface TpeOptions {
  /** Points drawn evenly before any is proposed. */
  readonly startUp: number;
  /** Share of the observations that counts as good. */
  readonly goodShare: number;
  /** Candidates drawn from the good ones, of which the likeliest to be better is taken. */
  readonly candidates: number;
}

export const TPE_DEFAULTS: TpeOptions = { startUp: 8, goodShare: 0.25, candidates: 24 };
const MOST_GOOD = 25;

/**
 * The next point: of some drawn from the density of good observations, the one whose density there is largest against that of the others.
 * Trials that run still count among the others (the "constant liar" of Ginsbourger et al., 2010), so that workers side by side do not try the same.
 */
export function proposeByTpe(
  parameters: readonly Parameter[],
  observations: readonly Observation[],
  random: Random,
  options: TpeOptions = TPE_DEFAULTS,
): Point {
  const measured = observations
    .filter((observation) => observation.worth !== null)
    .sort((a, b) => (b.worth as number) - (a.worth as number));
  if (measured.length < options.startUp) return drawPoint(parameters, random);
  const good = measured.slice(0, Math.min(MOST_GOOD, Math.ceil(options.goodShare * measured.length)));
  const others = [
    ...measured.slice(good.length),
    ...observations.filter((observation) => observation.worth === null),
  ];
  return Object.fromEntries(
    parameters.map((parameter) => {
      const unitsOf = (from: readonly Observation[]) =>
        from.map(({ point }) => toUnit(parameter, point[parameter.name])).filter(Number.isFinite);
      const [better, worse] = [
        parzenDensity(parameter, unitsOf(good)),
        parzenDensity(parameter, unitsOf(others)),
      ];
      let best = { unit: Number.NaN, ratio: -Infinity };
      for (let candidate = 0; candidate < options.candidates; candidate++) {
        const unit = better.draw(random);
        const ratio = Math.log(better.at(unit)) - Math.log(worse.at(unit));
        if (ratio > best.ratio) best = { unit, ratio };
      }
      return [parameter.name, fromUnit(parameter, best.unit)];
    }),
  );
}

export interface Density {
  /** Density at a place of [0, 1] (0 outside), or probability of a choice's index. */
  at(unit: number): number;
  draw(random: Random): number;
}

/**
 * Density of one parameter's observations: an even mixture of a Gaussian at each, as wide as the farther neighbour is away, and of a wide one
 * over the whole (the prior), each cut off at the ends of [0, 1]; for a choice, smoothed counts.
 */
export function parzenDensity(parameter: Parameter, units: readonly number[]): Density {
  return parameter.type === 'CHOICE' ? countDensity(parameter.values.length, units) : mixtureDensity(units);
}

function countDensity(choices: number, units: readonly number[]): Density {
  const weights = new Array<number>(choices).fill(1 / choices);
  for (const unit of units) weights[unit]++;
  const total = units.length + 1;
  return {
    at: (unit) => (weights[unit] ?? 0) / total,
    draw: (random) => {
      let left = random.uniform() * total;
      const found = weights.findIndex((weight) => (left -= weight) < 0);
      return found < 0 ? choices - 1 : found;
    },
  };
}

interface Kernel {
  readonly mean: number;
  readonly width: number;
  /** Share of the whole Gaussian that lies in [0, 1]. */
  readonly mass: number;
}

const PRIOR = { mean: 0.5, width: 1 };
const LEAST_MOST_KERNELS = 100;

function mixtureDensity(units: readonly number[]): Density {
  const sorted = [...units, PRIOR.mean].sort((a, b) => a - b);
  const prior = sorted.indexOf(PRIOR.mean);
  const least = 1 / Math.min(LEAST_MOST_KERNELS, sorted.length + 1);
  const kernels = sorted.map((mean, at): Kernel => {
    const below = at > 0 ? sorted[at - 1] : 0;
    const above = at + 1 < sorted.length ? sorted[at + 1] : 1;
    const width =
      at === prior ? PRIOR.width : Math.min(1, Math.max(least, Math.max(mean - below, above - mean)));
    return { mean, width, mass: normalShare((1 - mean) / width) - normalShare(-mean / width) };
  });
  return {
    at: (unit) => {
      if (!(unit >= 0 && unit <= 1)) return 0;
      const sum = kernels.reduce((total, { mean, width, mass }) => {
        const z = (unit - mean) / width;
        return total + Math.exp((-z * z) / 2) / (width * Math.sqrt(2 * Math.PI) * mass);
      }, 0);
      return sum / kernels.length;
    },
    draw: (random) => {
      const { mean, width } = kernels[random.integer(kernels.length)];
      // At least a third of each Gaussian lies inside.
      for (;;) {
        const unit = mean + width * random.normal();
        if (unit >= 0 && unit <= 1) return unit;
      }
    },
  };
}

/** Share of a standard normal below z (Abramowitz and Stegun 7.1.26, error below 1.5e-7). */
function normalShare(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const tail =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
    Math.exp(-x * x);
  return z >= 0 ? 1 - tail / 2 : tail / 2;
}
