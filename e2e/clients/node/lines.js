// A process that answers each line of JSON on its standard input with one on its standard output.

import { createInterface } from "node:readline";

// Answers until the input ends. What an answer throws is told, and the next line is read.
export async function serve(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    const answered = await answer(JSON.parse(line)).catch((error) => ({ error: String(error) }));
    process.stdout.write(JSON.stringify(answered) + "\n");
  }
  // Connections that a client keeps open do not keep this process.
  process.exit(0);
}
