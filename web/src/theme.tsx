// Light or dark: as the system has it, until one chooses.

import { useState } from "preact/hooks";

const KEY = "windlass.theme";
const NEXT: Record<string, string> = { system: "light", light: "dark", dark: "system" };

function apply(theme: string): void {
  if (theme === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = theme;
}

const kept = () => localStorage.getItem(KEY) ?? "system";

apply(kept());

export function ThemeButton() {
  const [theme, setTheme] = useState(kept);
  const change = () => {
    const next = NEXT[theme] ?? "system";
    localStorage.setItem(KEY, next);
    apply(next);
    setTheme(next);
  };
  return (
    <button type="button" class="ghost" onClick={change}
      aria-label={`Colours: ${theme}; change`}>
      {theme === "dark" ? "Dark" : theme === "light" ? "Light" : "System"}
    </button>
  );
}
