import { expect, it } from 'vitest';
import { droppedIn, lossRules } from '#bench/network/two-hosts.ts';

/** As nft 1.0.6 lists what lossRules() says, and a table of somebody else's without a counter. */
const LISTED = `table inet telework_loss {
	chain arriving {
		type filter hook input priority filter; policy accept;
		iifname "tw0a4711" numgen random mod 1000 < 10 counter packets 46 bytes 68954 drop
	}
}
table inet other {
	chain packets {
		tcp dport 22 accept
	}
}
`;

it('the packets that were lost are those at the rules counters', () => {
  expect(droppedIn(LISTED)).toBe(46);
  expect(droppedIn(LISTED + LISTED.replace('packets 46', 'packets 4'))).toBe(50);
  expect(droppedIn('')).toBe(0);
});

it('packets are lost where they arrive, on that device alone, by chance', () => {
  const rules = lossRules('tw0a4711', 10);
  expect(rules).toContain('hook input');
  expect(rules).toContain('iifname "tw0a4711" numgen random mod 1000 < 10 counter drop');
});
