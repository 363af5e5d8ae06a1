// Server-sent events out of a stream of text, without EventSource: that one
// cannot send a token.

export interface ServerEvent {
  id: string;
  event: string;
  data: string;
}

export class EventParser {
  private rest = "";
  private id = "";

  get lastId(): string {
    return this.id;
  }

  // The events that are complete with this piece.
  push(piece: string): ServerEvent[] {
    this.rest += piece;
    const events: ServerEvent[] = [];
    for (;;) {
      const end = this.rest.indexOf("\n\n");
      if (end < 0) return events;
      const event = this.read(this.rest.slice(0, end));
      this.rest = this.rest.slice(end + 2);
      if (event) events.push(event);
    }
  }

  private read(block: string): ServerEvent | null {
    let event = "message";
    const data: string[] = [];
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon <= 0) continue;
      const value = line.slice(colon + 1).replace(/^ /, "");
      const field = line.slice(0, colon);
      if (field === "id") this.id = value;
      if (field === "event") event = value;
      if (field === "data") data.push(value);
    }
    return data.length > 0 ? { id: this.id, event, data: data.join("\n") } : null;
  }
}
