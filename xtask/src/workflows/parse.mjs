// Reads each workflow with GitHub's own parser and prints what it does not accept.
import { NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { readFileSync } from "node:fs";

let refused = 0;
for (const name of process.argv.slice(2)) {
  const file = { name, content: readFileSync(name, "utf8") };
  for (const error of parseWorkflow(file, new NoOperationTraceWriter()).context.errors.getErrors()) {
    console.error(`${name}: ${error.message}`);
    refused += 1;
  }
}
process.exit(refused === 0 ? 0 : 1);
