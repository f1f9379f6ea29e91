// Writes one contact with Node's pg: client.mjs named|unnamed EMAIL, connected by the PG* variables.
import pg from "pg";

const [how, email] = process.argv.slice(2);
const user = { id: 42, name: "Priya Raman" };
const client = new pg.Client({ application_name: "crm-node" });

async function save() {
  await client.query("insert into contacts (first_name, last_name, email) values ($1, $2, $3)", [
    "Ada",
    "Lovelace",
    email,
  ]);
}

async function saveFor(user) {
  // naming the user
  await client.query("begin");
  await client.query("select audit.set_actor($1, $2)", [user.id, user.name]);
  await save();
  // end
  await client.query("commit");
}

await client.connect();
try {
  await (how === "named" ? saveFor(user) : save());
} finally {
  await client.end();
}
