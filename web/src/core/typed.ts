// What somebody types is theirs until it is in the document: no answer that comes late takes the text away, or the keys out
// of the field.

// A field that may hold text which is not sent yet: `send` sends it, and returns whether it can be sent; `name` is how the
// page calls the field, and `lead` leads into it.
export interface Holder { send: () => boolean; name: () => string; text: () => string; lead: () => void }

const fields = new Set<Holder>();
let deeds = 0;

// Returns how to end this.
export function holdsText(holder: Holder): () => void {
  fields.add(holder);
  return () => fields.delete(holder);
}

// Send what is typed and not sent yet: before the document is saved or run, and before its fields give way to something else.
// Returns a field whose text is no value, if there is one.
export function sendTyped(): Holder | undefined {
  return [...fields].filter((field) => !field.send())[0];
}

// The user went into a field of the page, typed in one, or pressed the mouse on the canvas.
export function wentElsewhere(): void {
  deeds++;
}

// What was asked for may select and take the keys when it is answered, unless the user went elsewhere meanwhile.
export function whileWaiting(): () => boolean {
  const before = deeds;
  return () => deeds === before;
}

export type Send = (text: string, waiting: boolean) => Promise<unknown> | "same" | "wrong";

// A text while it is typed, sent and answered; `shown` is what the document says.
export class Typed {
  draft: string | null = null;
  private sent: string | null = null;
  private left = false;

  constructor(private readonly redraw: () => void) {}

  type(text: string | null): void {
    this.draft = text;
    this.left = false;
    this.redraw();
  }

  // The field was left. What could not be sent stays to be seen, until the document says something else.
  leave(send: Send): void {
    this.commit(send);
    this.left = this.draft !== null && this.sent === null;
  }

  // Whether taking back what was done last is the field's matter: there is text in it that nobody was told of.
  get own(): boolean {
    return this.draft !== null && this.draft !== this.sent;
  }

  changed(): void {
    if (this.left) this.type(null);
  }

  // Send what was typed; `send` says how, or that there is nothing to send, or that it is no value yet. What waits for its
  // answer counts as the value that stands: going back to the former one is a change. Returns false for what is no value.
  commit(send: Send): boolean {
    const text = this.draft;
    if (text === null || text === this.sent) return true;
    const answer = send(text, this.sent !== null);
    if (answer === "wrong") return false;
    if (answer === "same") {
      this.type(null);
      return true;
    }
    this.sent = text;
    this.redraw();
    void answer.then(() => {
      if (this.sent !== text) return;
      this.sent = null;
      if (this.draft === text) this.type(null);
    });
    return true;
  }
}
