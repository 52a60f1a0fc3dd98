// GraphiQL over our own /graphql. Its editor's workers come from /assets, never from another host.
import "./workers.js";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import "./page.css";

const WELCOME = `# Tessera answers GraphQL here. Log in first, unless this browser already is:
#
# mutation {
#   login(input: {username: "user-1", password: "..."}) {
#     expiresAt
#     errors { message }
#   }
# }
#
# The answer sets a cookie, so everything below runs as you.

query {
  viewer { id }
  projects(first: 5) { nodes { id name } }
}
`;

async function fetcher(parameters, options) {
  const response = await fetch("/graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", ...options?.headers },
    body: JSON.stringify(parameters),
  });
  return response.json();
}

createRoot(document.getElementById("graphiql")).render(
  createElement(GraphiQL, { fetcher, defaultQuery: WELCOME }),
);
