import { type KeyboardEvent, type ReactNode, useId, useRef } from 'react';

/** Tabs as the ARIA pattern asks: arrow keys move, one tab stop. */
export function Tabs<Name extends string>({
  names,
  labelOf,
  label,
  selected,
  onSelect,
  children,
}: {
  names: readonly Name[];
  labelOf: (name: Name) => string;
  label: string;
  selected: Name;
  onSelect: (name: Name) => void;
  children: ReactNode;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const index = (names.indexOf(selected) + step + names.length) % names.length;
    const name = names[index];
    if (name === undefined) return;
    onSelect(name);
    list.current?.querySelectorAll('button')[index]?.focus();
  };
  return (
    <>
      <div className="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
        {names.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={name === selected}
            aria-controls={`${id}-panel`}
            tabIndex={name === selected ? 0 : -1}
            onClick={() => onSelect(name)}
          >
            {labelOf(name)}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${selected}`} className="stack">
        {children}
      </div>
    </>
  );
}
