// Making elements. Text only ever becomes a text node: there is no way from a string to markup here (T20, Trusted Types 'none').

type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** @param attributes true is a bare attribute; false and null leave it out */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children);
  return made;
}
