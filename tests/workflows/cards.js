// Each Adaptive Card on stdin (a JSON list) is parsed by Microsoft's own library; stdout: for each what it complains of,
// and what it makes of the card when it writes it back, so that a property it does not know shows as missing.
"use strict";
const path = require("path");
const cards = require(path.join(process.argv[2], "node_modules/adaptivecards/dist/adaptivecards.js"));

const answers = JSON.parse(require("fs").readFileSync(0, "utf8")).map((body) => {
  const [major, minor] = body.version.split(".").map(Number);
  const context = new cards.SerializationContext(new cards.Version(major, minor));
  const card = new cards.AdaptiveCard();
  card.parse(body, context);
  const said = [];
  for (let index = 0; index < context.eventCount; index++) said.push(context.getEventAt(index).message);
  for (const event of card.validateProperties().validationEvents) said.push(event.message);
  return { said, back: card.toJSON(context) };
});
process.stdout.write(JSON.stringify(answers));
