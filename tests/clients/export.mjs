// Exports contacts with Node's pg: export.mjs COMPANY prints a JSON object a line, connected by the PG* variables.
import pg from "pg";

const [company] = process.argv.slice(2);
const user = { id: 42, name: "Priya Raman" };
const client = new pg.Client({ application_name: "crm-node" });
const write = (contact) => process.stdout.write(JSON.stringify(contact) + "\n");

await client.connect();
try {
  // exporting contacts
  await client.query("begin");
  await client.query("select audit.set_actor($1, $2)", [user.id, user.name]);
  const asked = await client.query("select audit.request_export('contact', $1, 'ndjson') as ticket", [{ company }]);
  await client.query("commit"); // on record from here on
  const { ticket } = asked.rows[0];
  const taken = await client.query("select * from audit.export_rows($1, null::contacts)", [ticket]);
  taken.rows.forEach(write);
  // end
} finally {
  await client.end();
}
