import { useEffect, useState, type ReactNode } from "react";

interface Props {
  // Something in it is given, or wrong.
  shows: boolean;
  className?: string;
  summary: ReactNode;
  title?: string;
  children: ReactNode;
}

// A section of fields that folds. It opens when something in it comes to be given or wrong; only the user closes it: who
// takes back a change has the keys in one of its fields.
export function Section({ shows, className, summary, title, children }: Props) {
  const [isOpen, setOpen] = useState(shows);
  useEffect(() => { if (shows) setOpen(true); }, [shows]);
  return (
    <details className={`nested ${className ?? ""}`} open={isOpen} onToggle={(e) => { if (e.target === e.currentTarget) setOpen(e.currentTarget.open); }}>
      <summary title={title}>{summary}</summary>
      {children}
    </details>
  );
}
