// What many people choose, and so what is tried first (63B-4 §3.1.1.2). The words are those that head the yearly counts of
// leaked passwords (NCSC and Have I Been Pwned 2019, NordPass 2019–2024 with its Japanese part, SplashData 2011–2019) as far as
// they have 8 characters or become so with what people add, and what somebody would try here: the service, the place.
const COMMON = new Set(
  `password passw0rd p@ssw0rd p@ssword pa55word passwort passcode letmein welcome login admin administrator root superuser
  master secret changeme default guest user username test testing demo system server computer internet windows microsoft
  google facebook youtube amazon apple samsung iloveyou loveyou lovely love princess sunshine shadow dragon monkey football
  baseball basketball soccer superman batman spiderman pokemon pikachu naruto starwars michael jordan jennifer jessica
  ashley charlie thomas daniel andrew nicole hunter buster killer trustno1 whatever freedom ninja mustang access flower
  cheese pepper summer winter spring autumn hello helloworld qwerty qwertyuiop qwerty123 qwert qazwsx qazwsxedc 1qaz2wsx
  1q2w3e4r 1q2w3e4r5t zaq12wsx zxcvbnm asdfghjkl asdfgh asdf1234 abcdefgh abcd1234 abc123 a1b2c3d4 aa123456 q1w2e3r4
  1qazxsw2 qwer1234 123qweasd 1234qwer zxcvbn 147258369 159753 741852963 987654321 123456789 12345678 1234567890 11111111
  00000000 88888888 66666666 12341234 11223344 123123123 121212 112233 131313 789456123 147852369 963852741 sakura
  himawari hinata doraemon totoro hanako tarou yamada suzuki satou tanaka watanabe takahashi nippon japan tokyo osaka kyoto
  yokohama nagoya sapporo hokkaido okinawa konnichiwa arigatou sayonara ohayou aishiteru daisuki kawaii arashi hanshin
  tigers giants carp dragons marines hawks lions heisei reiwa showa lgwan telework remote zaitaku kinmu jimukyoku soumu
  kikaku shiyakusho yakusho yakuba kencho kenchou shicho koumuin jichitai joho jouhou gyousei kyokai saigai bousai pasuwado
  パスワード ひらがな さくら こんにちは ありがとう`
    .split(/\s+/)
    .map((word) => word.normalize('NFKC')),
);

/** What is left of a password without what names its user or this service must be long enough by itself. */
const SERVICE = ['telework', 'lgwan', 'テレワーク'];
const OWN_WORD_MIN = 3;
const LEFT_MIN = 8;

/** In the order of the keys, each way: whoever runs a finger along them. */
const KEY_ROWS = ['1234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'abcdefghijklmnopqrstuvwxyz'];

/**
 * @param password in NFKC
 * @param own words of its user, such as the user id
 */
export function isGuessable(password: string, own: readonly string[]): boolean {
  const text = password.toLowerCase();
  // "Password2026!" is "password": what people put before and after is tried as well.
  const core = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  if (COMMON.has(text) || COMMON.has(core) || COMMON.has(unleeted(core))) return true;
  if (isRepeated(text) || isRun(text)) return true;
  const left = [...own, ...SERVICE]
    .filter((word) => word.length >= OWN_WORD_MIN)
    .reduce((rest, word) => rest.replaceAll(word.toLowerCase(), ''), text);
  return left !== text && [...left].length < LEFT_MIN;
}

/** p4$$w0rd */
function unleeted(text: string): string {
  const plain: Readonly<Record<string, string>> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's' };
  return [...text].map((character) => plain[character] ?? character).join('');
}

/** One piece of up to four characters, over and over. */
function isRepeated(text: string): boolean {
  return /^(.{1,4})\1+.{0,3}$/u.test(text) && new Set(text).size <= 4;
}

/** 12345678, qwertyui, hgfedcba */
function isRun(text: string): boolean {
  return KEY_ROWS.some((keys) => {
    const round = keys + keys;
    return round.includes(text) || [...round].reverse().join('').includes(text);
  });
}
