// What the page says, in Chinese (simplified). See `en.ts`.

import type { Messages } from "./en";

export const zh: Messages = {
  app_title: "tailcast",
};
