// Run on a host of the lab: does what no program of ours may do, and asks a server on the internet for news. The positive
// control of the captures that show none of that.
await fetch('http://news.vendor.example/version', { signal: AbortSignal.timeout(3_000) }).catch(() => {});
