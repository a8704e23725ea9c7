import { type FormEvent, useState } from 'react';

import { text } from '../messages/index.js';

/** One field and a button; searching for nothing shows everything. */
export function SearchForm({
  label,
  initial,
  onSearch,
}: {
  label: string;
  initial: string;
  onSearch: (term: string) => void;
}) {
  const [value, setValue] = useState(initial);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSearch(value.trim());
  };
  return (
    <form className="row" role="search" onSubmit={submit}>
      <label className="field">
        {label}
        <input type="search" value={value} onChange={(event) => setValue(event.target.value)} />
      </label>
      <button className="main" style={{ alignSelf: 'flex-end' }}>
        {text('users.find')}
      </button>
    </form>
  );
}
