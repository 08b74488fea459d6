// Prints the HTTP status of a PUT, by Node's own fetch.
for (const url of process.argv.slice(2)) {
  const answer = await fetch(url, { method: "PUT", headers: { "Metadata-Flavor": "ibm" } });
  console.log(answer.status);
}
