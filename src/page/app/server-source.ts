import type { EventPage } from '../model/answer.js';
import type { ConversationLines } from '../model/conversation.js';
import type { CoverageTable } from '../model/coverage.js';
import type { PageTitle, ServedHead } from '../model/document.js';
import type { PageMark } from '../model/marks.js';
import type { PageOverview } from '../model/overview.js';
import { type EventQuery, parametersOf } from '../model/query.js';
import type { RuleText } from '../model/rule-text.js';
import type { PageSource } from './page-source.js';

/** The data of the server that the page is from. */
export class ServerSource implements PageSource {
  readonly keepsMarks = true;

  private constructor(
    readonly about: PageTitle,
    readonly coverage: CoverageTable,
    readonly left: number,
  ) {}

  static async open(): Promise<ServerSource> {
    const { about, coverage, left } = await got<ServedHead>('api/head');
    return new ServerSource(about, coverage, left);
  }

  overview(): Promise<PageOverview> {
    return got('api/overview');
  }

  events(query: EventQuery, before?: number): Promise<EventPage> {
    const parameters = parametersOf(query);
    if (before !== undefined) parameters.set('before', String(before));
    return got(`api/events?${parameters}`);
  }

  conversation(one: string, other: string): Promise<ConversationLines> {
    return got(`api/conversation?${new URLSearchParams({ one, other })}`);
  }

  rule(gid: number, sid: number): Promise<RuleText | null> {
    return got(`api/rule?${new URLSearchParams({ gid: String(gid), sid: String(sid) })}`);
  }

  marks(): Promise<readonly PageMark[]> {
    return got('api/marks');
  }

  async mark(mark: Omit<PageMark, 'made'>): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    await answered(await fetch('api/marks', { method: 'POST', headers, body: JSON.stringify(mark) }));
  }

  listen(changed: () => void, state: (isLive: boolean) => void): void {
    const stream = new EventSource('live');
    stream.addEventListener('open', () => state(true));
    stream.addEventListener('error', () => state(false));
    stream.addEventListener('message', changed);
  }
}

async function got<Answer>(path: string): Promise<Answer> {
  return (await answered(await fetch(path))).json() as Promise<Answer>;
}

async function answered(response: Response): Promise<Response> {
  if (!response.ok) throw new Error(`the server says ${response.status}: ${(await response.text()).slice(0, 200)}`);
  return response;
}
