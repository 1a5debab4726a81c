/** Answers of targets, made of what the models return. */
import type { Refusal } from "./target.ts";

/** A refusal with an errno, where there is one. */
export function refusalOf(errno: string | undefined): Refusal | undefined {
  return errno === undefined ? undefined : { error: errno };
}

/** What reading a text is answered. */
export function textOf(
  shown: { readonly text: string } | { readonly errno: string },
): { readonly value: string } | Refusal {
  return "errno" in shown ? { error: shown.errno } : { value: shown.text };
}
