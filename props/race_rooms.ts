/**
 * Small rooms with and without races, for tests of what explores them: slots
 * that name objects of a pool, as zram's do.
 */
import {
  acquire,
  createLock,
  InvariantError,
  type Lock,
  Lockdep,
  type Profile,
  type RaceProgram,
  type RaceRoom,
  raceRoom,
  type Random,
  reads,
  release,
  type Rule,
  type Stop,
  under,
  writes,
} from "../mod.ts";

/** No object in a slot. */
const NONE = 0;

/** Slots, and the objects of a pool that they name. */
interface Slots {
  readonly slots: number[];
  readonly objects: Map<number, string>;
  readonly slotLocks: readonly Lock[];
  readonly poolLock: Lock;
  readonly lockdep: Lockdep;
  last: number;
}

/** The rule that a race breaks. */
export const LEAK: Rule = {
  id: "slots/leak",
  sentence: "Every object of the pool is in a slot.",
  source: "slot_store, props/race_rooms.ts",
};

const SLOTS = 2;
const where = (name: string) => `${name}, props/race_rooms.ts`;

function create(): Slots {
  return {
    slots: Array<number>(SLOTS).fill(NONE),
    objects: new Map(),
    slotLocks: Array.from(
      { length: SLOTS },
      (_, nth) => createLock("slot->lock", "spinlock", `of slot ${nth}`),
    ),
    poolLock: createLock("pool->lock", "spinlock"),
    lockdep: new Lockdep(),
    last: NONE,
  };
}

function* allocate(slots: Slots, data: string): Generator<Stop, number> {
  return yield* under(slots.poolLock, where("pool_alloc"), () => {
    slots.lockdep.assertHeld(slots.poolLock, "pool_alloc");
    slots.objects.set(++slots.last, data);
    return slots.last;
  });
}

function* free(slots: Slots, object: number): Generator<Stop, void> {
  if (object === NONE) return;
  yield* under(slots.poolLock, where("pool_free"), () => {
    slots.objects.delete(object);
  });
}

/** A slot is read, freed and stored without its lock: two may store. */
function* rush(slots: Slots, nth: number, data: string) {
  const object = yield* allocate(slots, data);
  yield reads(`slot ${nth}`, where("slot_store"));
  const old = slots.slots[nth];
  yield* free(slots, old);
  yield writes(`slot ${nth}`, where("slot_store"));
  slots.slots[nth] = object;
  return "ok";
}

/** The same with the lock. */
function* write(slots: Slots, nth: number, data: string) {
  const object = yield* allocate(slots, data);
  yield acquire(slots.slotLocks[nth], where("slot_store"));
  slots.lockdep.touch(`slot ${nth}`, false);
  yield* free(slots, slots.slots[nth]);
  slots.lockdep.touch(`slot ${nth}`, true);
  slots.slots[nth] = object;
  yield release(slots.slotLocks[nth], where("slot_store"));
  return "ok";
}

function* read(slots: Slots, nth: number) {
  yield acquire(slots.slotLocks[nth], where("slot_read"));
  slots.lockdep.touch(`slot ${nth}`, false);
  yield acquire(slots.poolLock, where("pool_read"));
  const data = slots.objects.get(slots.slots[nth]) ?? "";
  yield release(slots.poolLock, where("pool_read"));
  yield release(slots.slotLocks[nth], where("slot_read"));
  return data;
}

/** The locks of a slot and the pool in the other order. */
function* scan(slots: Slots, nth: number) {
  yield acquire(slots.poolLock, where("pool_scan"));
  yield acquire(slots.slotLocks[nth], where("pool_scan"));
  const { size } = slots.objects;
  yield release(slots.slotLocks[nth], where("pool_scan"));
  yield release(slots.poolLock, where("pool_scan"));
  return size;
}

/** Two looks at a slot, between which it may change. */
function* look(slots: Slots, nth: number) {
  yield reads(`slot ${nth}`, where("slot_look"));
  const first = slots.slots[nth] !== NONE;
  yield "slot_look: cond_resched";
  yield reads(`slot ${nth}`, where("slot_look"));
  return [first, slots.slots[nth] !== NONE];
}

/** Waits until a slot has an object. */
function* wait(slots: Slots, nth: number) {
  while (slots.slots[nth] === NONE) {
    yield "blocked: slot_wait: until the slot has an object";
  }
  return "ok";
}

function* begun(slots: Slots, nth: number) {
  yield reads(`slot ${nth}`, where("slot_wait"));
  return yield* wait(slots, nth);
}

/** Never comes to its next stop. */
function* hang(_slots: Slots, nth: number): Generator<Stop, void> {
  yield reads(`slot ${nth}`, where("slot_hang"));
  for (;;);
}

type Operation = (
  slots: Slots,
  nth: number,
  data: string,
) => Generator<Stop, unknown>;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  write,
  rush,
  read,
  scan,
  look,
  wait: begun,
  hang,
};

function atRest({ slots, objects }: Slots): unknown {
  for (const object of objects.keys()) {
    if (slots.includes(object)) continue;
    throw new InvariantError(LEAK, {
      where: `object ${object}`,
      expected: "a slot that has it",
      found: "none",
    });
  }
  return { slots: slots.map((object) => objects.get(object) ?? "") };
}

function randomOperation(random: Random, kinds: readonly string[]): string {
  const kind = kinds[random(kinds.length)];
  const data = kind === "read" ? "" : ` ${"ABC"[random(3)]}`;
  return `${kind} ${random(SLOTS)}${data}`;
}

function slotsRoom(name: string, kinds: readonly string[]): RaceRoom {
  return raceRoom<Slots>({
    name,
    operations: Object.keys(OPERATIONS).map((kind) => `${kind} SLOT [DATA]`),
    isIn: ({ name }: Profile) => name !== "linux-3.12",
    create,
    lockdepOf: ({ lockdep }) => lockdep,
    operationOf([kind, slot, data = ""]) {
      const operation = Object.hasOwn(OPERATIONS, kind)
        ? OPERATIONS[kind]
        : undefined;
      const nth = Number(slot);
      if (operation === undefined || !(nth >= 0 && nth < SLOTS)) {
        return undefined;
      }
      return (slots) => operation(slots, nth, data);
    },
    atRest,
    random(random, _profile, threads, operations): RaceProgram {
      const some = (count: number) =>
        Array.from({ length: count }, () => randomOperation(random, kinds));
      return {
        before: some(random(2)),
        threads: Array.from({ length: threads }, () => some(operations)),
      };
    },
  });
}

/** A room whose random programs have no race. */
export const SLOTS_RACES: RaceRoom = slotsRoom("slots", ["write", "read"]);

/** One whose random programs have one. */
export const RUSH_RACES: RaceRoom = slotsRoom("rush", ["write", "rush"]);
