/** What must hold of operations that run at once. */
import type { Rule } from "../../rules/rule.ts";

/** The rules by name. */
export const RACE_RULES = {
  deadlock: {
    id: "races/deadlock",
    sentence: "Somebody can always go on, until everybody is done.",
    source: "check_deadlock, check_noncircular, kernel/locking/lockdep.c",
  },
  livelock: {
    id: "races/livelock",
    sentence:
      "Whoever tries again and again is done at some time, whatever the others do.",
    source: "khungtaskd, kernel/hung_task.c",
  },
  linearizable: {
    id: "races/linearizable",
    sentence:
      "What operations answer and leave is what they do one after another, in some order that has each before those that began after it had ended.",
    source: "Herlihy and Wing, Linearizability, 1990",
  },
} as const satisfies Readonly<Record<string, Rule>>;
