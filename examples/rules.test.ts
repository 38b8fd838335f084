// Rules tested like code: a conversation instead of a capture, what must fire, what must not, and why it did not.
import 'sidewire/vitest';
import { http, reordered, replay } from 'sidewire/testing';
import { describe, expect, it } from 'vitest';

const RULES = `
alert http any any -> any any (msg:"check-in"; flow:established,to_server; http.method; content:"POST"; \
http.uri; content:"/admin/get.php"; endswith; sid:1000001; rev:1;)
`;

describe('the check-in rule', () => {
  const checkIn = http({ segment: 7 }).exchange({ method: 'POST', uri: '/admin/get.php' }, { status: 404 });

  it('fires on a check-in, whatever the wire does to it', async () => {
    expect(await replay(checkIn, RULES)).toAlert(1000001, { times: 1 });
    expect(await replay(reordered(checkIn), RULES)).toAlert(1000001, { times: 1 });
  });

  it('stays silent on the page that looks like one', async () => {
    const page = http().exchange({ method: 'GET', uri: '/admin/get.php' });
    expect(await replay(page, RULES)).not.toAlert(1000001);
  });

  it('says why it stayed silent', async () => {
    const page = http().exchange({ method: 'GET', uri: '/admin/get.php' });
    const { explained } = await replay(page, RULES);
    expect(explained.get(1000001)?.join('\n')).toContain('POST');
  });
});
