import { Component, type ComponentChildren } from 'preact';

/** Keeps a part of the page that fails from taking the rest with it: files may hold what they like. */
export class Fence extends Component<{ readonly children: ComponentChildren }, { readonly failure: string | null }> {
  override state = { failure: null };

  static override getDerivedStateFromError(error: unknown) {
    return { failure: String((error as Error).message) };
  }

  override render() {
    const { failure } = this.state;
    return failure === null ? (
      this.props.children
    ) : (
      <p class="warning" role="alert">{`This cannot be shown: ${failure}. Something is not as docs/EVE.md says.`}</p>
    );
  }
}
