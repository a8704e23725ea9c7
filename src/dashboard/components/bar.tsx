/** A share as a bar; the number stands beside it in text, so the bar is hidden from screen readers. */
export function Bar({ share }: { share: number }) {
  return (
    <span className="bar-track" aria-hidden="true">
      <span className="bar" style={{ width: `${Math.min(1, Math.max(0, share)) * 100}%` }} />
    </span>
  );
}

/** A signed value as a bar to the left or right of a middle line. @param size 0 to 1 of the longest bar */
export function Pull({ value, size }: { value: number; size: number }) {
  const style = { width: `${size * 100}%` };
  return (
    <span className="pull" aria-hidden="true">
      <span>{value < 0 && <span className="down" style={style} />}</span>
      <span>{value >= 0 && <span className="up" style={style} />}</span>
    </span>
  );
}
