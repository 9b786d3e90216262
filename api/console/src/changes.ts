/** Things that others look at: whoever listens is told once a frame, however often something changed. */
export class Changes {
  #listeners = new Set<() => void>();
  #due = false;

  /** Calls back after each change until the returned function is called. */
  listen(callback: () => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  changed(): void {
    if (this.#due) return;
    this.#due = true;
    // A hidden page gets no frames; what it shows must be right when it is looked at again.
    if (document.hidden) setTimeout(() => this.#tell(), 50);
    else requestAnimationFrame(() => this.#tell());
  }

  #tell(): void {
    this.#due = false;
    for (const listener of [...this.#listeners]) listener();
  }
}
