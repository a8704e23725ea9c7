import { type ReactNode, useId } from 'react';

/** A titled block of a page; where the page's own title says it already, only screen readers hear the block's. */
export function Panel({
  title,
  isTitleHidden,
  aside,
  children,
}: {
  title: string;
  isTitleHidden?: boolean;
  aside?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  if (isTitleHidden) {
    return (
      <section className="panel" aria-label={title}>
        {children}
      </section>
    );
  }
  return (
    <section className="panel" aria-labelledby={id}>
      <div className="row ends">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Title of a page; the browser's tab says it too. */
export function PageTitle({ children, aside }: { children: string; aside?: ReactNode }) {
  return (
    <div className="row ends">
      <title>{`${children} · Tandem`}</title>
      <h1>{children}</h1>
      {aside}
    </div>
  );
}

/** A name, its value and, for long values, `wide` for a row of its own. */
export type Fact = readonly [name: string, value: ReactNode, width?: 'wide'];

/** A list of names and values; values that are null are left out. */
export function Facts({ facts, isLarge }: { facts: readonly Fact[]; isLarge?: boolean }) {
  return (
    <dl className={isLarge ? 'facts big' : 'facts'}>
      {facts
        .filter(([, value]) => value !== null)
        .map(([name, value, width]) => (
          <div key={name} className={width}>
            <dt>{name}</dt>
            <dd className="wrap">{value}</dd>
          </div>
        ))}
    </dl>
  );
}
