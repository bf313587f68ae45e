import { Component, type ReactNode } from "react";
import { t } from "../core/i18n";

interface Props { name: string; children: ReactNode }

// Where a part of the page fails, the rest of it goes on, and says so: the document is the editor's, and nothing of it is lost.
export class Guard extends Component<Props, { failed: string | null }> {
  state = { failed: null };

  static getDerivedStateFromError(error: unknown): { failed: string } {
    return { failed: error instanceof Error ? error.message : String(error) };
  }

  render(): ReactNode {
    if (this.state.failed === null) return this.props.children;
    return (
      <div className="guard" role="alert">
        <p className="problem-line">{t("{name} cannot be shown: {why}. Your work is not lost.", { name: this.props.name, why: this.state.failed })}</p>
        <button onClick={() => this.setState({ failed: null })}>{t("Show it again")}</button>
      </div>
    );
  }
}
