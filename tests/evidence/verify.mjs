// A verifier written from FORMAT.md alone: node verify.mjs KEY FILE. It shares no code with the product.
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const node = (left, right) => sha256(Buffer.of(1), left, right);
const broken = (verdict, why) => {
  console.log(`${verdict}: ${why}`);
  process.exit(3);
};

// "Keys" and "Checkpoints"
const parseKey = (text) => {
  const [name, id] = text.trim().split("+", 2);
  const raw = Buffer.from(text.trim().slice(name.length + id.length + 2), "base64");
  const expected = sha256(`${name}\n`, raw).subarray(0, 4);
  if (raw.length !== 33 || raw[0] !== 1 || expected.toString("hex") !== id) throw new Error("not a public key");
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw.subarray(1)]);
  return { name, id: expected, key: createPublicKey({ key: der, format: "der", type: "spki" }) };
};

const hasSigned = (key, note) =>
  note.signatures.some(
    ([name, bytes]) =>
      name === key.name && bytes.subarray(0, 4).equals(key.id) && verify(null, note.text, key.key, bytes.subarray(4)),
  );

const parseNote = (note) => {
  const at = note.lastIndexOf("\n\n");
  const text = at < 0 ? note : note.slice(0, at + 1);
  const block = at < 0 ? "" : note.slice(at + 2);
  const signatures = block.split("\n").filter(Boolean).map((line) => {
    const [, name, encoded] = line.split(" ");
    return [name, Buffer.from(encoded, "base64")];
  });
  const [, size, root, ...rest] = text.trimEnd().split("\n");
  const extra = Object.fromEntries(rest.map((line) => line.split(" ")));
  return { text: Buffer.from(text), signatures, size: Number(size), root: Buffer.from(root, "base64"), extra };
};

// "Events"
const leafOf = (seal) => {
  const header = JSON.parse(seal.header);
  if (sha256(seal.shape).toString("hex") !== header.shape) broken("altered", `event ${header.event_id}: its shape`);
  const part = (text) => (text === null ? Buffer.alloc(32) : sha256(text));
  const commit =
    seal.salt === null
      ? Buffer.from(seal.payload_commit, "hex")
      : sha256(Buffer.from(seal.salt, "hex"), part(seal.details), part(seal.old_row), part(seal.new_row));
  return sha256(Buffer.of(0), seal.header, commit);
};

// "Proofs"
const roots = (size, leaves, nodes, cut) => {
  const before = [];
  const known = [...leaves.keys()].sort((a, b) => a - b);
  const walk = (low, high, mine) => {
    let found;
    if (mine.length === 0 && !(low < cut && cut < high)) found = nodes.shift() ?? broken("altered", "a node is missing");
    else if (high - low === 1) found = leaves.get(low);
    else {
      let half = 1;
      while (half * 2 < high - low) half *= 2;
      const middle = low + half;
      return node(walk(low, middle, mine.filter((i) => i < middle)), walk(middle, high, mine.filter((i) => i >= middle)));
    }
    if (high <= cut) before.push(found);
    return found;
  };
  const whole = size ? walk(0, size, known) : sha256("");
  if (nodes.length) broken("altered", "there are nodes too many");
  return [whole, before.length ? before.reduceRight((right, left) => node(left, right)) : sha256("")];
};

const [keyText, file] = process.argv.slice(2);
let key = parseKey(keyText);
const keys = [key];
const leaves = new Map();
let evidence;
let unsealed = 0;
for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
  const found = JSON.parse(line);
  if (found.evidence) evidence = found.evidence;
  else if (found.seal) leaves.set(found.seal.leaf, leafOf(found.seal));
  else unsealed += 1;
}
if (!evidence) broken("missing", "no evidence");
for (const rotation of evidence.rotations.map(parseNote)) {
  if (!hasSigned(key, rotation)) continue;
  const next = parseKey(rotation.extra["next-key"]);
  if (!hasSigned(next, rotation)) broken("rewritten checkpoint", "the next key has not signed");
  key = next;
  keys.push(key);
}
const checkpoint = parseNote(evidence.checkpoint);
const older = evidence.older ? parseNote(evidence.older) : null;
for (const note of [checkpoint, older]) {
  if (note && !keys.some((known) => hasSigned(known, note))) broken("rewritten checkpoint", "not signed by the key");
}
const nodes = evidence.nodes.map((text) => Buffer.from(text, "base64"));
const [whole, before] = roots(checkpoint.size, leaves, nodes, older ? older.size : 0);
if (!whole.equals(checkpoint.root)) broken("altered", "the root differs");
if (older && !before.equals(older.root)) broken("rewritten checkpoint", "the older root differs");
console.log(`proven: ${leaves.size} events, by checkpoint ${checkpoint.extra.number}; not yet sealed: ${unsealed}`);
