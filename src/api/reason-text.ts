import type { ReasonKind } from './types/enums.enum.js';

const WITH_ITEM: Partial<Record<ReasonKind, (title: string) => string>> = {
  BOUGHT_TOGETHER: (title) => `Because you bought ${title}`,
  SIMILAR: (title) => `Like ${title}`,
  FOR_YOU: (title) => `Chosen for you because of ${title}`,
};

const ALONE: Record<ReasonKind, string> = {
  BOUGHT_TOGETHER: 'Often bought together with what you have',
  BOUGHT_REGULARLY: 'You buy this regularly',
  SIMILAR: 'Like what you looked at',
  POPULAR: 'Popular in this shop',
  TRENDING: 'Selling more than before',
  FOR_YOU: 'Chosen for you',
};

/** A reason in words. @param title title of the item that led to it, where one did */
export function reasonText(kind: ReasonKind, title: string | null): string {
  return (title !== null && WITH_ITEM[kind]?.(title)) || ALONE[kind];
}
