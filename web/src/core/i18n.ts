// Words of the page. English is the key; a missing word falls back to it.

import { de } from "./words_de";

export const LANGUAGES: Record<string, string> = { en: "English", de: "Deutsch" };
const WORDS: Record<string, Record<string, string>> = { de };

let language = "en";

export function setLanguage(code: string): void {
  language = code in LANGUAGES ? code : "en";
}

export function t(text: string, values: Record<string, string | number> = {}): string {
  let found = WORDS[language]?.[text] ?? text;
  for (const [name, value] of Object.entries(values)) found = found.replaceAll(`{${name}}`, String(value));
  return found;
}
