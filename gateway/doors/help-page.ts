// What a person sees whose browser showed no usable certificate: the only page that this gateway has for strangers.
import { CODES, type Code } from '#protocol/codes.ts';

/** Static but for the code's own text; no style or script, so that the strictest CSP holds. */
export function helpPage(code: Code): string {
  const { ja, en } = CODES[code];
  return `<!doctype html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>接続できません / No access</title>
</head>
<body>
<main>
<h1>接続できません</h1>
<p>${ja}</p>
<ol>
<li>職場から渡された証明書（.p12 ファイル）が、この端末に入っているか確かめてください。</li>
<li>ブラウザーをいったん終了して開き直し、証明書の選択画面でご自分の証明書を選んでください。</li>
<li>それでも開けないときは、証明書の期限切れや失効が考えられます。情報担当課へ連絡してください。</li>
</ol>
</main>
<section lang="en">
<h2>No access</h2>
<p>${en}</p>
<ol>
<li>Check that the certificate from your office (a .p12 file) is installed on this device.</li>
<li>Close the browser, open it again, and choose your own certificate when asked.</li>
<li>If that does not help, the certificate may have expired or been revoked: contact your IT section.</li>
</ol>
</section>
</body>
</html>
`;
}
