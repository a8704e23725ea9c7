import { Component, type ReactNode } from 'react';

import { text } from '../messages/index.js';

/** Keeps a page that throws from taking the frame with it. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className="failure" role="alert">
        {text('app.broken', { message: error.message })}
      </div>
    );
  }
}
