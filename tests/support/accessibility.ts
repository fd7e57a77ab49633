// Whether everybody can use a page: axe-core's rules, and whether Tab leads to everything that can be worked.
import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** @returns each violation of any impact as one line; empty if there is none */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } };
    interface Violation {
      id: string;
      impact: string;
      nodes: { target: string[]; failureSummary: string }[];
    }
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    return violations.flatMap(({ id, impact, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${impact} ${id} ${target.join(' ')}: ${failureSummary}`),
    );
  });
}

const WORKABLE = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';

/** @returns what can be worked by a mouse and is not reached by going round once with Tab; empty if all is */
export async function notReachedByTab(page: Page): Promise<string[]> {
  const count = await page.evaluate((workable) => {
    (document.activeElement as HTMLElement | null)?.blur();
    window.getSelection()?.removeAllRanges();
    const all = [...document.querySelectorAll<HTMLElement>(workable)].filter(
      (node) => !(node as HTMLButtonElement).disabled && node.checkVisibility({ visibilityProperty: true }),
    );
    // Of a group of radio buttons Tab reaches the one that is chosen; the arrows do the rest.
    const own = all.filter((node) => !(node instanceof HTMLInputElement && node.type === 'radio' && !node.checked));
    for (const node of own) node.dataset.toReach = '';
    return own.length;
  }, WORKABLE);
  // Tab begins where the focus was last, and on its way round stops once outside of the page.
  for (let i = 0; i < count + 2; i++) {
    await page.keyboard.press('Tab');
    await page.evaluate(() => {
      delete (document.activeElement as HTMLElement | null)?.dataset.toReach;
    });
  }
  return await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-to-reach]')].map((node) => {
      delete node.dataset.toReach;
      return `${node.tagName} ${node.textContent?.trim() || node.getAttribute('aria-label') || node.className}`;
    }),
  );
}
